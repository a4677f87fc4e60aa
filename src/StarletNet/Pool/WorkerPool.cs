using System.Diagnostics;
using System.Globalization;
using StarletNet.Master.Applications;
using StarletNet.Master.Observing;
using StarletNet.Master.Output;
using StarletNet.Master.Reloading;
using StarletNet.Master.Stacks;
using StarletNet.Master.Watching;
using StarletNet.Master.Workers;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Pool;

/// <summary>What the pool acts upon.</summary>
/// <param name="Queue">All that happens.</param>
/// <param name="Log">All that is told.</param>
/// <param name="Notify">To whoever supervises us.</param>
/// <param name="Superdaemon">Null: nobody.</param>
/// <param name="Prepare">Looks up a new generation, and calls back, at once or when its application has been copied, with what gives it or throws why there is none.</param>
internal sealed record PoolSurroundings(
    EventQueue Queue, MasterLog Log, NotifySender Notify, Superdaemon? Superdaemon, Action<Action<Func<Generation>>> Prepare)
{
    /// <summary>Who waits for this daemon to serve; null: nobody.</summary>
    internal WaitingCaller? Caller { get; init; }

    /// <summary>Ends when it is known whether the first worker becomes ready; null: this is a service.</summary>
    internal Trial? Trial { get; init; }

    internal required LogFiles Logs { get; init; }

    internal required WorkerWatch Watch { get; init; }

    /// <summary>Builds the application before each restart; null: it is built.</summary>
    internal Builder? Builder { get; init; }

    /// <summary>Copies the application before each restart, and removes what no worker runs from any more.</summary>
    internal required Copier Copier { get; init; }

    /// <summary>What has happened before there was a pool.</summary>
    internal IReadOnlyList<Event> Missed { get; init; } = [];

    /// <summary>Null: nobody looks for changes.</summary>
    internal Reloader? Reloader { get; init; }

    internal required ExitCommand ExitCommand { get; init; }

    internal required StuckReports StuckReports { get; init; }

    internal required Observers Observers { get; init; }

    /// <summary>By name, for whoever asks.</summary>
    internal IReadOnlyList<string> Listeners { get; init; } = [];

    internal required ScoreboardPlaces Scoreboard { get; init; }

    internal required AnsweredPaths AnsweredPaths { get; init; }

    /// <summary>Null: ps(1) shows the command line.</summary>
    internal ProcessTitle? Title { get; init; }

    /// <summary>Between two signs of life for whoever supervises us; null: he waits for none.</summary>
    internal TimeSpan? Watchdog { get; init; }
}

/// <summary>
/// The loop: takes events from the queue, says them to <see cref="PoolTransitions"/> in the pool's own words and does what
/// comes back. Everything happens on the thread that calls <see cref="Run"/>.
/// </summary>
internal sealed class WorkerPool
{
    private readonly PoolSurroundings _around;
    private PoolTransitions _transitions;
    private Generation _newest;
    private readonly Dictionary<int, WorkerHandle> _workers = [];
    private readonly Dictionary<int, int> _idOfPid = [];
    private readonly Dictionary<int, Generation> _generations = [];
    private readonly Queue<PoolEvent> _pending = new();
    private readonly FaultBarrier _barrier;
    private bool _isSaying;
    private readonly PoolCounters _counters = new();
    private readonly OutOfMemoryKills _outOfMemory = new();
    private (int Generation, int Ready, int Wanted) _titled;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly LingeringReport _lingering;
    private PoolState _state;
    private int _generation = 1;

    /// <summary>So long a worker may take to start before it counts as hanging, if it says nothing: an ordinary one is ready in a second or so.</summary>
    private static readonly TimeSpan Hangs = TimeSpan.FromSeconds(5);

    private readonly SuperdaemonReport _report;

    /// <summary>Workers whose stacks are being looked at before they are ended: they have never been ready, and nobody knows why.</summary>
    private readonly HashSet<int> _hanging = [];

    internal WorkerPool(PoolSurroundings around, Generation first)
    {
        _around = around;
        _report = new SuperdaemonReport(around.Notify);
        _barrier = new FaultBarrier(around.Log.InputFailed);
        _transitions = new PoolTransitions(first.Settings);
        _state = PoolTransitions.Initial(first.Workers);
        _generations[_generation] = _newest = first;
        around.ExitCommand.Command = first.ChildExit;
        _lingering = new LingeringReport(around.Queue, around.Notify);
    }

    /// <summary>Until nobody is left.</summary>
    /// <returns>The exit code.</returns>
    internal int Run()
    {
        if (_around.Superdaemon is { } superdaemon) _around.Queue.Watch(superdaemon.Descriptor, superdaemon);
        _around.Watch.Begin();
        _around.Reloader?.Begin();
        SetWatchdog();
        _around.Observers.Begin(Report);
        Say(new PoolEvent.Begin());
        foreach (var happened in _around.Missed) Hear(happened);
        // What is to be done after the last worker is part of the work.
        while (_state is not PoolState.Ended || _around.ExitCommand.IsRunning)
            foreach (var happened in _around.Queue.Take()) _barrier.Run($"the event {happened.GetType().Name}", () => Hear(happened));
        ForgetGenerations();
        return ((PoolState.Ended)_state).ExitCode;
    }

    // ---- in ----------------------------------------------------------------------------------------------------

    private void Hear(Event happened)
    {
        switch (happened)
        {
            case Readable { Tag: WorkerHandle worker }: HearWorker(worker); break;
            case Readable { Tag: WaitingCaller caller }: HearCallerGone(caller); break;
            case Readable { Tag: ServicePart part }: Answer(part, part.Take); break;
            case TimerFired { Key: ServicePart part }: Answer(part, part.TimeIsUp); break;
            case Readable { Tag: Superdaemon superdaemon }: HearSuperdaemonDied(superdaemon); break;
            case Readable { Tag: Reloader reloader }: reloader.Hear(); break;
            case Readable { Tag: Copier copier }: copier.Hear(); break;
            case TimerFired { Key: ReloadDue }: HearFilesChanged(); break;
            case ChildExited { Pid: var pid, Exit: var exit }: HearExit(pid, exit); break;
            case TimerFired { Key: PoolEvent due }: Say(due); break;
            case TimerFired { Key: AbortAgain again }: _workers.GetValueOrDefault(again.Id)?.Crash(); break;
            case TimerFired { Key: StuckReportTimedOut timer }: _around.StuckReports.HearTimeout(timer); break;
            case TimerFired { Key: ExitCommandTimedOut timer }: _around.ExitCommand.HearTimeout(timer); break;
            case TimerFired { Key: WatchdogDue }: GiveSignOfLife(); break;
            case TimerFired { Key: HeartbeatLook or MemoryLook } timer: LookAtWorkers(timer.Key); break;
            case TimerFired { Key: LingeringReport }: _lingering.GoOn(); break;
            case SignalReceived signal: HearSignal(signal.Signal, MeaningOf(signal)); break;
        }
    }

    // A client for which an answer cannot be made is sent away without one.
    private void Answer(ServicePart part, Action answer)
    {
        if (!_barrier.Run("a client", answer)) part.GiveUp();
    }

    private void GiveSignOfLife()
    {
        _around.Notify.TrySend(Watchdog.Sign);
        SetWatchdog();
    }

    private void SetWatchdog()
    {
        if (_around.Watchdog is { } period) _around.Queue.SetTimer(new WatchdogDue(), period);
    }

    // First the watch, then the restart: what changes in between leads to another one.
    private void HearFilesChanged()
    {
        _around.Reloader?.Begin();
        Restart();
    }

    private void LookAtWorkers(object timer)
    {
        foreach (var happened in _around.Watch.Look(timer, _workers.Values).ToArray()) Say(happened);
    }

    private void HearWorker(WorkerHandle worker, bool isDead = false)
    {
        // It may have been reaped by an earlier event of the same batch.
        if (!_workers.ContainsKey(worker.Id)) return;
        // Of a worker that writes without end, the rest is reported again: others are heard in between.
        var messages = worker.Channel.Receive(isDead ? ControlChannel.MostWaiting : ControlChannel.MostAtOnce, out var ended);
        // The end is not the worker's exit, which follows; watched on, it would be readable for ever.
        if (ended) _around.Queue.Unwatch(worker);
        foreach (var message in messages) HearMessage(worker.Id, message);
    }

    private void HearMessage(int id, string message)
    {
        var (verb, text) = ControlMessage.Parse(message);
        _around.Log.WorkerSays(_workers[id].Process.Pid, message);
        switch (verb)
        {
            case ControlMessage.Ready: Say(new PoolEvent.WorkerReady(id)); break;
            case ControlMessage.Draining: Say(new PoolEvent.WorkerDraining(id)); break;
            case ControlMessage.Retire when text == ControlMessage.ForRequests: Say(new PoolEvent.RetireAsked(id, RetireReason.Requests)); break;
            case ControlMessage.Retire when text == ControlMessage.ForHarakiri: Say(new PoolEvent.RetireAsked(id, RetireReason.Harakiri)); break;
            case ControlMessage.Retire when text == ControlMessage.ForOverdue: Say(new PoolEvent.RetireAsked(id, RetireReason.Overdue)); break;
            case ControlMessage.Dump: Dump(_workers[id]); break;
            case ControlMessage.Reopen when _around.Logs.FileNames.Any(): ReopenLogs(); break;
            case ControlMessage.Lingering when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var connections):
                Say(new PoolEvent.WorkerLingers(id, connections));
                break;
            case ControlMessage.Paths: _around.AnsweredPaths.Take(text); break;
            case ControlMessage.Unready: Say(new PoolEvent.WorkerUnready(id, text)); SayReason(text); break;
            case ControlMessage.Failed: Say(new PoolEvent.WorkerFailed(id, text)); SayReason(text); break;
                // A newer worker may say more than we understand.
        }
    }

    private void HearExit(int pid, ChildExit exit)
    {
        if (_around.ExitCommand.HearExit(pid, exit) || _around.StuckReports.HearExit(pid, exit)) return;
        Try(() =>
        {
            if (_around.Builder?.HearExit(pid, exit) is { } outcome) HearBuilt(outcome);
        });
        // As pid 1 we also reap strangers.
        if (!_idOfPid.Remove(pid, out var id)) return;
        var worker = _workers[id];
        // Its last words first: they were sent before it died, and the queue only promises that for what it saw in time.
        HearWorker(worker, isDead: true);
        var complete = exit with { LaunchFailure = worker.Process.TakeLaunchFailure() };
        var gone = _state.Set.Find(id);
        Say(new PoolEvent.WorkerExited(id, complete));
        if (gone is not null) _around.ExitCommand.Run(new ExitedWorker(pid, gone.Slot, exit, Reason(gone), worker.Figures?.Requests ?? 0));
        _workers.Remove(id);
        _hanging.Remove(id);
        worker.DiagnosticFiles?.Remove();
        ForgetGenerations();
        _around.Watch.Forget(id);
        _around.Queue.Unwatch(worker);
        worker.Dispose();
    }

    // In a word, for a script.
    private static string Reason(Worker gone) => gone.Phase == WorkerPhase.Draining ? gone.Leaves.ToString()!.ToLowerInvariant() : "died";

    // Before it was told anything: nobody knows of this daemon, and who pressed ^C does not want it.
    private void HearCallerGone(WaitingCaller caller)
    {
        EndWaiting(caller, Shared.Errors.ExitCodes.Failure);
        Say(new PoolEvent.StopAsked(StopCause.Term));
    }

    private void EndWaiting(WaitingCaller caller, int exitCode)
    {
        _around.Queue.Unwatch(caller);
        caller.End(exitCode);
    }

    private void HearSuperdaemonDied(Superdaemon superdaemon)
    {
        _around.Queue.Unwatch(superdaemon);
        _around.Log.SuperdaemonGone(superdaemon.Pid);
        Say(new PoolEvent.StopAsked(StopCause.SuperdaemonGone));
    }

    // From our parent alone: start_server started us, and no other process knows what it has decided.
    private static SignalMeaning MeaningOf(SignalReceived signal) => signal.Value is { } value && value.Sender != 0 && value.Sender == LibC.getppid()
        ? (SignalMeaning)value.Value
        : SignalMeaning.None;

    private void HearSignal(Signal signal, SignalMeaning meaning)
    {
        _around.Log.SignalHeard(signal);
        if (signal == Signal.Hup) Restart();
        else if (signal == Signal.Term) Say(new PoolEvent.StopAsked(StopCause.Term, meaning));
        else if (signal == Signal.ContainerStop) StopAsContainer(signal);
        else if (signal == Signal.Int) Say(new PoolEvent.StopAsked(StopCause.Int, meaning));
        else if (signal == Signal.Quit) Say(new PoolEvent.StopAsked(StopCause.Quit, meaning));
        else if (signal == Signal.Usr1) Say(new PoolEvent.StopAsked(StopCause.Usr1, meaning));
        else if (signal == Signal.Ttin) Say(new PoolEvent.WorkersAsked(1));
        else if (signal == Signal.Ttou) Say(new PoolEvent.WorkersAsked(-1));
        else if (signal == Signal.Usr2 && _around.Logs.FileNames.Any()) ReopenLogs();
        else _around.Log.SignalIgnored(signal);
    }

    private void StopAsContainer(Signal signal)
    {
        _around.Log.TakenAsTerm(signal);
        Say(new PoolEvent.StopAsked(StopCause.Term));
    }

    // Renamed files get no more lines when every worker has been told; none is lost, whichever of the two it goes to.
    private void ReopenLogs()
    {
        var opened = _around.Logs.Reopen(_around.Log.LogNotReopened);
        var (names, descriptors) = _around.Logs.Open;
        if (descriptors.Length == 0) return;
        foreach (var worker in _workers.Values)
            if (!worker.Reopen(names, descriptors)) _around.Log.WorkerKeepsLogs(worker.Process.Pid);
        if (opened.Count > 0) _around.Log.LogsReopened(opened);
    }

    // Built and looked up before the pool hears of it: what cannot be built or found must not become a restart.
    private void Restart()
    {
        if (_around.Logs.FileNames.Any()) ReopenLogs();
        if (_around.Builder is null || _state is PoolState.Stopping or PoolState.Leaving) TakeNewGeneration();
        else Try(_around.Builder.Begin);
    }

    private void HearBuilt(BuildOutcome outcome)
    {
        if (outcome.Failure is { } failure) _around.Log.RestartImpossible(failure);
        else TakeNewGeneration();
    }

    private void TakeNewGeneration() => Try(() =>
    {
        if (_state is PoolState.Stopping or PoolState.Leaving)
        {
            Say(new PoolEvent.RestartAsked(_generation));
            return;
        }
        _around.Prepare(next => Try(() => TakeOver(next())));
    });

    private void TakeOver(Generation next)
    {
        var before = _newest;
        _generations[++_generation] = _newest = next;
        // Old workers keep their clocks, and must not be killed by a shorter one of the new.
        _transitions = new PoolTransitions(next.Settings with { GracefulTimeout = Longer(before.Settings.GracefulTimeout, next.Settings.GracefulTimeout) });
        _around.ExitCommand.Command = next.ChildExit;
        Say(new PoolEvent.RestartAsked(_generation));
        // TTIN and TTOU count from whatever the file says.
        if (next.Workers != before.Workers) Say(new PoolEvent.WorkersAsked(next.Workers - before.Workers));
    }

    // Zero is for ever.
    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one == TimeSpan.Zero || other == TimeSpan.Zero ? TimeSpan.Zero : one > other ? one : other;

    private void Try(Action restart)
    {
        try
        {
            restart();
        }
        catch (Exception error) when (error is Shared.Errors.OperatorException or SystemCallException or IOException or UnauthorizedAccessException)
        {
            _around.Log.RestartImpossible(error.Message);
        }
#pragma warning disable CA1031 // Files of a release that nobody has foreseen: the workers that run go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _around.Log.RestartImpossible(error.ToString());
        }
    }

    // ---- through -----------------------------------------------------------------------------------------------

    private void Say(PoolEvent happened)
    {
        _pending.Enqueue(happened);
        // What performing an action leads to waits until all actions of this event are done.
        if (_isSaying) return;
        _isSaying = true;
        try
        {
            while (_pending.TryDequeue(out var next))
            {
                // The dice are thrown for retries only; nothing secret hangs on them.
#pragma warning disable CA5394
                var moment = new Moment(Stopwatch.GetElapsedTime(_start), (Random.Shared.NextDouble() * 2) - 1);
#pragma warning restore CA5394
                (_state, var actions) = _transitions.Next(_state, next, moment);
                _around.Log.PoolHears(next);
                foreach (var action in actions) Do(action);
            }
        }
        finally
        {
            // An event that fails costs itself: what waits behind it is dealt with by the next call.
            _isSaying = false;
        }
        ShowTitle();
    }

    // ---- out ---------------------------------------------------------------------------------------------------

    private void Do(PoolAction action)
    {
        // What is told is in the log anyway.
        if (action is not PoolAction.Tell) _around.Log.PoolDoes(action);
        switch (action)
        {
            case PoolAction.Start a: Start(a.Worker, a.Workers); break;
            case PoolAction.Drain a: Drain(a.Id, a.Stay); break;
            case PoolAction.Abort a: _workers.GetValueOrDefault(a.Id)?.Abort(); break;
            case PoolAction.Crash a: Crash(a.Id); break;
            case PoolAction.Kill a: Kill(a.Id); break;
            case PoolAction.SetTimer a: _around.Queue.SetTimer(a.Due, a.Delay); break;
            case PoolAction.CancelTimer a: _around.Queue.CancelTimer(a.Due); break;
            case PoolAction.Tell a: Tell(a.Notice); break;
            case PoolAction.AnnounceReady: AnnounceReady(); break;
            case PoolAction.FailHealth: _around.Scoreboard.SayStopping(); break;
            case PoolAction.AnnounceLingering a: _lingering.Report(a.Connections); break;
            case PoolAction.End a: _around.Log.Exiting(a.ExitCode); break;
        }
    }

    private void Start(Worker worker, int workers)
    {
        try
        {
            var generation = _generations[worker.Generation];
            var handle = generation.Launcher.Start(_around.Queue, worker, workers, generation.Application);
            _workers[worker.Id] = handle;
            _idOfPid[handle.Process.Pid] = worker.Id;
            _around.Queue.Watch(handle.Channel.Socket, handle);
            _counters.CountStart();
            _around.Log.WorkerStarted(worker, handle.Process.Pid, handle.MaxRequests);
        }
        catch (SystemCallException error)
        {
            Say(new PoolEvent.StartFailed(worker.Id, error.Message));
        }
    }

    // It is told to drain when it has been looked at, and says then itself that it does.
    private void Dump(WorkerHandle worker)
    {
        _around.Log.StacksAsked(worker.Process.Pid);
        _around.StuckReports.Begin(worker.Process.Pid);
        DrainAfterReport(worker);
    }

    // ApplicationStopping may end the request that goes on beyond its time, and with it what its stack would have told. A stop does not wait.
    private void Drain(int id, TimeSpan stay)
    {
        if (!_workers.TryGetValue(id, out var worker)) return;
        if (_state.Set.Find(id)?.Leaves == RetireReason.Overdue || _hanging.Contains(id)) DrainAfterReport(worker);
        else worker.Drain(stay);
    }

    private void DrainAfterReport(WorkerHandle worker) =>
        _around.StuckReports.After(worker.Process.Pid, () => _workers.GetValueOrDefault(worker.Id)?.Drain());

    // The second time at once: somebody is in haste.
    private void Kill(int id)
    {
        if (!_workers.TryGetValue(id, out var worker)) return;
        if (_hanging.Remove(id)) _around.StuckReports.After(worker.Process.Pid, () => _workers.GetValueOrDefault(id)?.Kill());
        else worker.Kill();
    }

    // Until we are ready; afterwards one worker that fails is the master's affair alone.
    private void SayReason(string reason)
    {
        if (_state.Set.Announced) return;
        _report.Reason(reason);
        if (_around.Trial is { } trial) trial.Reason = reason;
    }

    // What it waits for, or where it hangs.
    private void LookAtHanging(Worker worker, WorkerHandle handle)
    {
        if (worker.Unready is not null || !_hanging.Add(worker.Id)) return;
        _around.StuckReports.Begin(handle.Process.Pid);
    }

    private void SayWhyNotReady()
    {
        if (_state.Set.Announced || _state.Set.Workers.FirstOrDefault(worker => worker.ReadyAt is null) is not { } first) return;
        var age = Stopwatch.GetElapsedTime(_start) - first.StartedAt;
        if (first.Unready is null && age < Hangs) return;
        var reason = first.Unready ?? $"the application has started no web server within {age.TotalSeconds:0} s and says nothing; what its threads do is in the log";
        _around.Log.StoppedBeforeReady(reason);
        _report.Reason(reason);
        if (_workers.TryGetValue(first.Id, out var handle)) LookAtHanging(first, handle);
    }

    // It may have been reaped by the time that its stacks are known, and its pid be another's.
    private void Crash(int id)
    {
        if (_workers.TryGetValue(id, out var worker)) _around.StuckReports.After(worker.Process.Pid, () => Abort(id));
    }

    // Twice: the runtime takes the first one to put back the default action, which the second one then finds.
    private void Abort(int id)
    {
        _workers.GetValueOrDefault(id)?.Crash();
        _around.Queue.SetTimer(new AbortAgain(id), TimeSpan.FromMilliseconds(200));
    }

    /// <summary>The key of the timer between the two.</summary>
    private sealed record AbortAgain(int Id);

    private void AnnounceReady()
    {
        var (workers, path) = (_state.Set.Target, _generations[_state.Set.Slots.Max()].Application.Path);
        if (_state.Set.Count(WorkerPhase.Ready) == workers) _around.Log.AllReady(workers, path);
        else _around.Log.FirstReady(workers, path, _newest.Settings.SpawnInterval);
        _report.Ready(path, Status());
        _around.Observers.TakeOver();
        if (_around.Trial is { } trial)
        {
            trial.Ready = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path} is ready after {Stopwatch.GetElapsedTime(_start).TotalSeconds:0.00} s");
            Say(new PoolEvent.StopAsked(StopCause.Term));
        }
        if (_around.Caller is { IsOver: false } caller) EndWaiting(caller, Shared.Errors.ExitCodes.Success);
        // Code, too, that would otherwise run just after.
        ShowTitle();
        OwnCode.GiveBack();
    }

    private void Tell(PoolNotice notice)
    {
        var worker = WorkerOf(notice);
        _around.Log.Tell(notice, worker?.Process.Pid, worker?.Figures, EntersByItself(worker), KillerOf(notice, worker));
        _counters.Hear(notice);
        switch (notice)
        {
            case PoolNotice.ToBeReplaced { Reason: RetireReason.Stuck or RetireReason.Overdue } when worker is not null:
                worker.Report();
                _around.StuckReports.Begin(worker.Process.Pid);
                break;
            case PoolNotice.BootTookTooLong notReady when worker is not null:
                SayReason($"not ready within {notReady.Limit.TotalSeconds:0.#} s{(notReady.Worker.Unready is { } last ? $": {last}" : " and without a word; what its threads do is in the log")}");
                LookAtHanging(notReady.Worker, worker);
                break;
            case PoolNotice.FailedToStart { Worker.Failure: null } failed: SayReason(MasterLog.WhyNotStarted(failed)); break;
            case PoolNotice.RestartBegun: _around.Notify.Send($"RELOADING=1\nMONOTONIC_USEC={MonotonicMicroseconds()}\nSTATUS=restarting workers"); break;
            case PoolNotice.RestartDone or PoolNotice.RestartGivenUp:
                ForgetGenerations();
                // Not before the first set was complete: a restart must not make us ready by the back door.
                if (_state.Set.Announced) _report.Ready(Served.Path, Status());
                OwnCode.GiveBack();
                break;
            case PoolNotice.StopDelayed delayed:
                _around.Notify.Stopping(string.Create(CultureInfo.InvariantCulture, $"serving for {delayed.Delay.TotalSeconds:0.###} s more, then stopping"));
                break;
            case PoolNotice.Stopping or PoolNotice.StoppingInStages:
                SayWhyNotReady();
                _around.Notify.Stopping(notice is PoolNotice.Stopping { IsFast: true } ? "workers give up what is unfinished" : "workers drain");
                _around.Observers.GiveWay();
                break;
        }
        if (notice is PoolNotice.Stopping or PoolNotice.StoppingInStages or PoolNotice.StopDelayed or PoolNotice.StartGivenUp) GiveUpRestart();
    }

    private string? KillerOf(PoolNotice notice, WorkerHandle? worker)
    {
        ChildExit? exit = notice switch
        {
            PoolNotice.Left n => n.Exit,
            PoolNotice.Died n => n.Exit,
            PoolNotice.FailedToStart n => n.Exit,
            _ => null,
        };
        return exit is { } known && worker is { IsKilled: false } ? _outOfMemory.Killer(known) : null;
    }

    private void GiveUpRestart()
    {
        _around.Builder?.Abort();
        _around.Copier.Abort();
    }

    private bool EntersByItself(WorkerHandle? worker) =>
        worker is not null && _state.Set.Find(worker.Id) is { } known && _generations[known.Generation].Application.EntersByItself;

    private StatusReport Report() => new(
        _state switch
        {
            PoolState.Booting => "starting",
            PoolState.Serving => "serving",
            PoolState.Rolling => "restarting",
            _ => "stopping",
        },
        _generation, _state.Set.Target, Served.Path, _around.Listeners, _counters, _around.Scoreboard.Departed,
        [.. _state.Set.Workers.Where(worker => _workers.ContainsKey(worker.Id)).OrderBy(worker => worker.Slot).ThenBy(worker => worker.Id).Select(Report)]);

    /// <summary>What serves: after a restart that was given up, not the newest that was tried.</summary>
    private Application Served => _state.Set.Slots.IsEmpty || !_generations.TryGetValue(_state.Set.Slots.Max(), out var serves) ? _newest.Application : serves.Application;

    private WorkerReport Report(Worker worker) =>
        WorkerReport.Of(worker, _workers[worker.Id].Process.Pid, _workers[worker.Id].Figures ?? default) with { MaxRequests = _workers[worker.Id].MaxRequests };

    private void ShowTitle()
    {
        var now = (_generation, _state.Set.Count(WorkerPhase.Ready), _state.Set.Target);
        if (_around.Title is null || now == _titled) return;
        _titled = now;
        _around.Title.Show($"starletnet master [{string.Join(", ", _around.Listeners)}] gen={now._generation} workers={now.Item2}/{now.Target}");
    }

    private string Status() => $"serving with {_state.Set.Count(WorkerPhase.Ready)} workers";

    // systemd pairs RELOADING=1 with CLOCK_MONOTONIC, which is what Stopwatch reads on Linux.
    private static long MonotonicMicroseconds() => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);

    // Neither running, nor to be started again, nor to be returned to.
    private void ForgetGenerations()
    {
        var rolling = _state as PoolState.Rolling;
        var set = _state.Set;
        foreach (var generation in _generations.Keys.ToArray())
        {
            if (generation == rolling?.Generation || rolling?.Before.Contains(generation) == true) continue;
            if (set.Workers.Any(worker => worker.Generation == generation)) continue;
            if (_state is not (PoolState.Stopping or PoolState.Ended) && set.Slots.Contains(generation)) continue;
            _generations.Remove(generation, out var gone);
            gone?.Application.Release(_around.Copier);
        }
    }

    private WorkerHandle? WorkerOf(PoolNotice notice)
    {
        var worker = notice switch
        {
            PoolNotice.BecameReady n => n.Worker,
            PoolNotice.Retiring n => n.Worker,
            PoolNotice.ToBeReplaced n => n.Worker,
            PoolNotice.Recovered n => n.Worker,
            PoolNotice.LeavesByItself n => n.Worker,
            PoolNotice.Left n => n.Worker,
            PoolNotice.Died n => n.Worker,
            PoolNotice.FailedToStart n => n.Worker,
            PoolNotice.BootTookTooLong n => n.Worker,
            PoolNotice.DrainTookTooLong n => n.Worker,
            _ => null,
        };
        return worker is null ? null : _workers.GetValueOrDefault(worker.Id);
    }
}
