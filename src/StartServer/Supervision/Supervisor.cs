using System.Diagnostics;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Control;
using StartServer.Files;
using StartServer.Generations;
using StartServer.Listeners;
using StartServer.Output;
using StartServer.Probes;

namespace StartServer.Supervision;

/// <summary>The loop: takes events from the queue, asks <see cref="Transitions"/>, does what it says. Decides nothing itself.</summary>
internal sealed partial class Supervisor(
    EventQueue queue, StartServerOptions options, ListenerSet listeners, ProgramEnvironment environment, CurrentPolicy policy, ILog? log, StatusFile? status, ServiceManager manager, string? startedIn)
{
    /// <summary>So that a generation that floods its notify socket cannot keep us from hearing anything else.</summary>
    private const int MessagesAtOnce = 64;

    private readonly GenerationLauncher _launcher = new(options, listeners, environment, startedIn)
    {
        ReadyWithin = options.Policy is { ReadyTimeout: { Ticks: > 0 } limit, Readiness: not Readiness.Alive } ? limit : null,
    };

    /// <summary>The one that serves, or that served last: what a crash restarts. Null before the first has served.</summary>
    private GenerationProcess? _served;
    private readonly Dictionary<int, GenerationProcess> _generations = [];
    private long _startedAt = Stopwatch.GetTimestamp();
    private Transitions _transitions = new(policy.Value);

    // A caller waits for the first generation (--daemonize): unless he allows for more attempts, the first failure is his answer.
    private SupervisorState _state = Transitions.BeginWith(options is { Daemonize: true, Policy.MaxStartAttempts: 0 } ? 1 : null);
    private readonly FaultBarrier _barrier = new(StandardError.WriteLine);
    private HashSet<int> _dead = [];
    private bool _resting;

    /// <summary>Hears of every deploy, HUP's as well.</summary>
    internal INewsListener? Listener { get; set; }

    /// <summary>Where what generations write to stderr goes.</summary>
    internal GenerationOutput Output { get; init; } = new UnknownOutput();

    /// <summary>All generations as they are now.</summary>
    internal Roster Roster
    {
        get
        {
            var roster = Roster.Of(_state, generation => _generations.TryGetValue(generation.Pid, out var process) ? process.Age : default);
            return roster with { Generations = [.. roster.Generations.Select(line => line with { Release = _generations.GetValueOrDefault(line.Generation.Pid)?.Release.Name })] };
        }
    }

    /// <summary>The signals that are taken over, before anything is bound, so that none of them ever leaves something behind.</summary>
    internal static readonly Signal[] Signals =
        [Signal.Hup, Signal.Term, Signal.ContainerStop, Signal.Int, Signal.Quit, Signal.Usr1, Signal.Usr2, Signal.Alrm, .. Signal.Meaningless];

    /// <summary>Until every generation has ended after a stop.</summary>
    /// <returns>The exit code.</returns>
    internal int Run()
    {
        // The first attempt is a timer that is due, and timers come last in a batch: a TERM that came while we were still binding
        // finds nothing started.
        if (_generations.Count == 0) queue.SetTimer(new RetryDue(1), TimeSpan.Zero);
        if (environment.Watch is { } watch) queue.Watch(watch.Descriptor, watch);
        try
        {
            while (true)
            {
                if (_state is Stopped end) return end.GaveUp ? ExitCodes.GaveUp : ExitCodes.Success;
                var batch = queue.Take();
                _dead = [.. batch.OfType<ChildExited>().Select(exited => exited.Pid)];
                // Words of a generation are no reason, nor is the watchdog; everything else that wakes us may be followed by a start or a timer.
                if (batch.Any(happened => happened is not (Readable { Tag: GenerationProcess } or TimerFired { Key: WatchdogDue or ReportDue }))) _barrier.Run("the envdir", RereadEnvironment);
                foreach (var happened in batch)
                {
                    _barrier.Run($"the event {happened.GetType().Name}", () =>
                    {
                        Take(happened);
                        manager.Follow(_state);
                    });
                }
                if (Upgrader is not null) _barrier.Run("the upgrade", Upgrader.GoOn);
                GiveBackCode();
            }
        }
        catch
        {
            // A mistake of ours; the generations must not sit on the port without a supervisor.
            foreach (var generation in _generations.Values) generation.Signal(Signal.Term);
            throw;
        }
    }

    /// <summary>When a generation has begun to serve, and when a deploy is over: now a long sleep is likely.</summary>
    private void GiveBackCode()
    {
        var resting = _state is Serving { Fleet.Old.Count: 0 };
        if (resting && !_resting) OwnCode.GiveBack();
        _resting = resting;
    }

    private void Take(Event happened)
    {
        if (manager.Takes(happened) || (log is not null && log.Takes(happened))) return;
        if (Upgrader is not null && Upgrader.Takes(happened)) return;
        switch (happened)
        {
            case SignalReceived { Signal: var signal } when signal == Signal.Hup: Handle(new RestartRequested()); break;
            case SignalReceived { Signal: var signal } when signal == Signal.Term || signal == Signal.ContainerStop || signal == Signal.Int || signal == Signal.Quit:
                Handle(new StopRequested(signal));
                break;
            case SignalReceived { Signal: var signal } when signal == Signal.Usr1 && log is not null: log.Reopen(); break;
            case SignalReceived { Signal: var signal }: Handle(new MeaninglessSignal(signal)); break;
            case TimerFired { Key: TimerEvent timer }: Handle(timer); break;
            case Readable { Tag: GenerationProcess generation }: Listen(generation); break;
            case Readable { Tag: ProbeAttempt attempt }: EndProbe(attempt); break;
            case Readable { Tag: EnvDirectoryWatch }: break; // read before the batch
            case Readable { Tag: ControlPart part }: Hear(part); break;
            case TimerFired { Key: ControlPart part }: if (!_barrier.Run("a client", part.TimeIsUp)) part.GiveUp(); break;
            case Readable { Tag: CallersPipe caller }: CallerIsGone(caller); break;
            case Readable { Tag: ChildProcess launched }: EndLaunch(_generations[launched.Pid]); break;
            case ChildExited exited: Bury(exited); break;
            default: throw new UnreachableException(happened.ToString());
        }
    }

    // A client for which an answer cannot be made is sent away without one.
    private void Hear(ControlPart part)
    {
        SupervisorEvent? asked = null;
        if (!_barrier.Run("a client", () => asked = part.Take(() => Roster))) part.GiveUp();
        else if (asked is not null) Handle(asked);
    }

    private void RereadEnvironment()
    {
        if (!policy.Reread()) return;
        _transitions = new Transitions(policy.Value);
        Handle(new PolicyChanged());
    }

    private void Handle(SupervisorEvent happened)
    {
        var step = _transitions.Next(_state, happened, Stopwatch.GetElapsedTime(_startedAt));
        _state = step.State;
        FollowCurrent();
        foreach (var action in step.Actions) Perform(action);
    }

    private void Perform(SupervisorAction action)
    {
        switch (action)
        {
            case Log log: StandardError.WriteLine(log.Line); break;
            case Spawn spawn: Handle(Start(spawn)); break;
            case Send send: SendTo(send); break;
            case Probe probe: BeginProbe(probe.Generation); break;
            case SetTimer timer: queue.SetTimer(timer.Event, timer.Delay); break;
            case WriteStatus write: Write(write); break;
            case CloseListeners: listeners.Close(); break;
            case ReleaseListeners: listeners.Release(); break;
            case Tell tell: _barrier.Run("news for clients", () => Publish(tell.News)); break;
            default: throw new UnreachableException(action.ToString());
        }
    }

    private SupervisorEvent Start(Spawn spawn)
    {
        var number = spawn.Number;
        NotifyReceiver? notifications = null;
        environment.Reread();
        var served = spawn.AsServed ? WhatServed() : null;
        if (served is null && _launcher.Named.WhyNot is { } reason) return new SpawnFailed(reason, IsHopeless: true);
        try
        {
            using var stderr = Output.Begin(number);
            notifications = NotifyReceiver.Create();
            var release = served ?? ServedRelease.Of(_launcher.Named.Now);
            var process = queue.Start(_launcher.Describe(number, notifications.Address, stderr, served));
            var generation = new GenerationProcess(number, process, notifications) { Release = release };
            _generations.Add(process.Pid, generation);
            queue.Watch(notifications.Socket, generation);
            queue.Watch(process.Launched, process);
            return new Spawned(new Generation(number, process.Pid));
        }
        catch (SystemCallException error)
        {
            notifications?.Dispose();
            Output.Forget(number);
            return new SpawnFailed(error.Message);
        }
    }

    private void SendTo(Send send)
    {
        foreach (var generation in send.Generations) _generations[generation.Pid].Signal(send.Signal.Signal, send.Meaning);
    }

    private void Write(WriteStatus write)
    {
        if (status?.Write(write.Generations) is { } error) StandardError.WriteLine(Messages.StatusFileFailed(options.StatusFile!, error));
    }

    private void Listen(GenerationProcess generation)
    {
        for (var count = 0; count < MessagesAtOnce && generation.Notifications.Receive() is { } message; count++)
        {
            if (!generation.Believes(message)) continue;
            generation.Hear(message);
            if (message[NotifyNames.WarmUp] is { } paths) _launcher.AnsweredPaths = WarmUpPaths.Format(WarmUpPaths.Parse(paths));
            if (Lingering.ConnectionsIn(message) is { } connections) Handle(new Lingers(generation.Number, connections));
            // Ready and dead in one batch is dead: nobody may be retired for its sake.
            var ready = message.IsReady && !_dead.Contains(generation.Process.Pid);
            Handle(ready ? new Ready(generation.Number) : new Spoke(generation.Number));
        }
    }

    private void CallerIsGone(CallersPipe caller)
    {
        caller.Dispose();
        StandardError.WriteLine(Messages.CallerIsGone);
        Handle(new StopRequested(Signal.Term));
    }

    private void BeginProbe(Generation generation)
    {
        try
        {
            var own = listeners.Descriptors.Select(listener => listener.Fd);
            var attempt = ProbeAttempt.Start(options.Probe!, generation.Number, generation.Pid, [.. own]);
            queue.Watch(attempt.End, attempt);
        }
        catch (SystemCallException)
        {
            // Out of descriptors for the moment. Who waits for the answer does not do so for ever.
            queue.SetTimer(new ProbeDue(generation.Number), SupervisionPolicy.WatchPause);
        }
    }

    private void EndProbe(ProbeAttempt attempt)
    {
        queue.Unwatch(attempt);
        attempt.Dispose();
        // As with READY=1: who has died is dead, whatever was answered.
        if (!_dead.Contains(attempt.Pid)) Handle(new Probed(attempt.Generation, attempt.Answer.Outcome, attempt.Answer.Detail));
    }

    private void EndLaunch(GenerationProcess generation)
    {
        queue.Unwatch(generation.Process);
        generation.EndLaunch();
        if (generation.LaunchFailure is { } failure)
            StandardError.WriteLine(Messages.LaunchFailed(failure, options.Program[0], options.Directory));
        else
            Handle(new Executed(generation.Number));
    }

    private void Bury(ChildExited exited)
    {
        var exit = exited.Exit;
        if (_generations.TryGetValue(exited.Pid, out var generation))
        {
            // Its last words may stand behind its end in this batch.
            Listen(generation);
            _generations.Remove(exited.Pid);
            queue.Unwatch(generation);
            queue.Unwatch(generation.Process);
            generation.Dispose();
            exit = exit with { LaunchFailure = generation.LaunchFailure };
        }
        Handle(new Died(exited.Pid, exit) { Said = generation?.Reason, IsHopeless = generation?.IsHopeless == true });
        if (generation is not null) Output.Forget(generation.Number);
    }
}
