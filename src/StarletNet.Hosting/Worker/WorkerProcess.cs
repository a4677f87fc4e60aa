using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using StarletNet.Hosting.Injection;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Worker;

/// <summary>
/// A worker from inside: one thread that owns the state, listens to the master and keeps the drain's clocks. It is a thread
/// of its own so that neither a blocked event loop nor a starved thread pool can hold back a drain.
/// </summary>
internal sealed unsafe class WorkerProcess
{
    // While draining: how often the connections are counted and the clocks read.
    private const int LookEveryMilliseconds = 20;

    // While only time or a client ends anything, which may take hours: each look walks over all connections.
    private const int LookWhileLingering = 200;

    private readonly ControlChannel _control;
    private readonly WorkerClocks _clocks;
    private readonly Heartbeat _heartbeat;
    private readonly ConcurrentQueue<WorkerEvent> _events = new();
    private readonly ConcurrentDictionary<Action, bool> _hosts = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Never closed: it lives as long as the process.
    private readonly int _wake;
    private volatile WorkerState _state = new WorkerState.Booting();
    private ITraffic? _traffic;
    private int _claimed;
    private int _failed;
    private int _askedForRetirement;
    private int _dumped;
    private long _drainBegan;

    internal WorkerProcess(WorkerSettings settings)
    {
        Settings = settings;
        _control = new ControlChannel(settings.ControlFd);
        _clocks = new WorkerClocks((long)settings.DrainKeepAlive.TotalMilliseconds, (long)settings.GracefulTimeout.TotalMilliseconds);
        _heartbeat = new Heartbeat(settings.Scoreboard, settings.Heartbeat, () => Volatile.Read(ref _traffic)?.Measure() ?? default);
        if (settings.MaxRequests > 0) settings.Scoreboard.LimitRequests(settings.MaxRequests, () => AskForRetirement(ControlMessage.ForRequests));
        _wake = LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK);
        if (_wake < 0) throw SystemCallException.Of("eventfd");
    }

    /// <summary>The worker that this process is; null in any other process.</summary>
    internal static WorkerProcess? Current { get; set; }

    internal WorkerSettings Settings { get; }

    /// <summary>Completed when nothing is left to answer, or when the time for it is up.</summary>
    internal Task Drained => _drained.Task;

    internal void Begin()
    {
        Settings.Scoreboard.Phase(WorkerPhase.Starting);
        Settings.Scoreboard.CountExceptions();
        LastException.Watch();
        DebugWords.AreWanted = Settings.Debugs;
        if (Settings.Debugs) DebugWords.Write($"listeners {string.Join(", ", Settings.Listeners)}; loop {Settings.Loop}; {Settings.Http.Format()}");
        StopSignals.Watch(HearSignal);
        OtherSignals.Watch(() => _control.Send(ControlMessage.Reopen, mayBeLost: true));
        AppDomain.CurrentDomain.UnhandledException += (_, e) =>
        {
            Fail((e.ExceptionObject as Exception)?.GetBaseException());
            LeaveNothing();
        };
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            SayWhyNotServing();
            LeaveNothing();
        };
        new Thread(Run) { IsBackground = true, Name = "starletnet worker" }.Start();
    }

    // A second QUIT does not wait for what the first one has asked for.
    private void HearSignal(PosixSignal signal)
    {
        DebugWords.Write($"signal {signal}");
        if (signal == PosixSignal.SIGQUIT && Settings.DumpsAtQuit && Interlocked.Exchange(ref _dumped, 1) == 0)
        {
            StuckWords.Write(Volatile.Read(ref _traffic)?.Running() ?? []);
            _control.Send(ControlMessage.Dump);
            return;
        }
        Post(new WorkerEvent.StopAsked());
    }

    // The very last that is done; an end by KILL, or in the middle of native code, leaves all of it.
    private void LeaveNothing()
    {
        Settings.Logs.Access?.Buffer?.End();
        foreach (var file in Settings.Files) file.Remove();
    }

    internal void Post(WorkerEvent happened)
    {
        _events.Enqueue(happened);
        var one = 1UL;
        _ = LibC.write(_wake, (byte*)&one, sizeof(ulong));
    }

    /// <summary>To be stopped, like every other host of the process, when the worker goes.</summary>
    internal void AddHost(Action stopApplication) => _hosts.TryAdd(stopApplication, true);

    /// <summary>
    /// Claims the inherited listeners. The first server of the process that starts gets them; a second one (an admin port,
    /// say) keeps the endpoints it asked for.
    /// </summary>
    internal bool TryClaim() => Interlocked.Exchange(ref _claimed, 1) == 0;

    internal void Serve(ITraffic traffic) => Volatile.Write(ref _traffic, traffic);

    /// <summary>Tells the master, once, why this worker will not serve.</summary>
    internal void Fail(Exception? error) => Fail(error switch
    {
        null => "the application failed",
        // Of ours, and for people.
        OperatorException => error.Message,
        _ => $"{error.GetType().Name}: {error.Message}",
    });

    /// <summary>Hosts must not run out of time while the drain, whose clock is the operator's, is still on.</summary>
    internal void RaiseShutdownTimeout(HostOptions options)
    {
        if (_clocks.Graceful == 0)
        {
            options.ShutdownTimeout = Timeout.InfiniteTimeSpan;
            return;
        }

        var needed = TimeSpan.FromMilliseconds(_clocks.Graceful + WorkerClocks.AfterAbort);
        if (options.ShutdownTimeout != Timeout.InfiniteTimeSpan && options.ShutdownTimeout < needed) options.ShutdownTimeout = needed;
    }

    /// <summary>Asks the master, once, for a successor; the word to leave comes when that one serves.</summary>
    internal void AskForRetirement(string why)
    {
        if (Interlocked.Exchange(ref _askedForRetirement, 1) == 0) _control.Send(ControlMessage.Retire, why);
    }

    /// <summary>Tells the master what it waits for before it is ready.</summary>
    internal void SayUnready(string why) => _control.Send(ControlMessage.Unready, why, mayBeLost: true);

    private void Fail(string why)
    {
        if (_state is WorkerState.Booting && Interlocked.Exchange(ref _failed, 1) == 0) _control.Send(ControlMessage.Failed, why);
    }

    private void SayWhyNotServing() => Fail(Volatile.Read(ref _claimed) == 0
        ? $"the application ended with exit code {Environment.ExitCode} without starting a web server{(LastException.Words is { Length: > 0 } words ? words : "; is it an ASP.NET Core application?")}"
        : $"the application ended with exit code {Environment.ExitCode} before it had started{LastException.Words}");

    private void Run()
    {
        var control = true;
        var fds = stackalloc pollfd[2];
        while (true)
        {
            fds[0] = new pollfd { fd = _wake, events = LibC.POLLIN };
            // poll(2) skips negative numbers; a channel at its end would be readable for ever.
            fds[1] = new pollfd { fd = control ? _control.Fd : -1, events = LibC.POLLIN };
            _ = LibC.poll(fds, 2, Pause(Environment.TickCount64));
            _heartbeat.Look(Environment.TickCount64);
            Settings.Logs.Access?.Buffer?.Look(Environment.TickCount64);
            if (Settings.AnsweredPaths?.Report(Environment.TickCount64) is { } paths) _control.Send(ControlMessage.Paths, paths, mayBeLost: true);

            if (fds[0].revents != 0) ClearWake();
            if (fds[1].revents != 0) control = HearMaster();
            while (_events.TryDequeue(out var happened))
            {
                Handle(happened);
                // Said here, because the master, who says such things, cannot.
                if (happened is WorkerEvent.MasterGone) Console.Error.WriteLine("starletnet worker: the master is gone; draining");
            }

            // Counting takes a walk over all connections, and without a drain nothing depends on it.
            if (IsIdle) continue;
            var (all, waiting, upgraded) = Volatile.Read(ref _traffic)?.Count() ?? (0, 0, 0);
            Handle(new WorkerEvent.Look(all, waiting, upgraded));
        }
    }

    private bool IsIdle => _state is WorkerState.Booting or WorkerState.Serving;

    private int Pause(long now) => _state switch
    {
        WorkerState.Booting or WorkerState.Serving => Wait(now),
        WorkerState.Lingering => LookWhileLingering,
        _ => LookEveryMilliseconds,
    };

    private int Wait(long now)
    {
        var beat = _heartbeat.Wait(now);
        if (Settings.Logs.Access?.Buffer is not { } buffer) return beat;
        return beat < 0 ? buffer.Wait(now) : Math.Min(beat, buffer.Wait(now));
    }

    /// <summary>Whether there is more to hear.</summary>
    private bool HearMaster()
    {
        var (verb, text) = _control.Receive(out var descriptors);
        DebugWords.Write($"the master says: {verb ?? "nothing any more"} {text}");
        if (verb == ControlMessage.Reopen) Settings.Logs.Reopen(text.Split(' '), descriptors);
        foreach (var fd in descriptors) _ = LibC.close(fd);
        if (verb == ControlMessage.Report) StuckWords.Write(Volatile.Read(ref _traffic)?.Running() ?? []);
        WorkerEvent? order = verb switch
        {
            null => new WorkerEvent.MasterGone(),
            ControlMessage.Drain => new WorkerEvent.StopAsked(long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var stay) ? stay : 0),
            ControlMessage.Abort => new WorkerEvent.AbortAsked(),
            // A newer master may say more than we understand.
            _ => null,
        };
        if (order is not null) _events.Enqueue(order);
        return verb is not null;
    }

    private void Handle(WorkerEvent happened)
    {
        var now = Environment.TickCount64;
        var (next, actions) = WorkerTransitions.Next(_state, happened, now, _clocks);
        if (next is WorkerState.Grace && _state is not WorkerState.Grace) _drainBegan = now;
        if (DebugWords.AreWanted && (next != _state || happened is not WorkerEvent.Look)) DebugWords.Write($"{happened}: {_state} → {next} {string.Join(", ", actions)}");
        _state = next;
        foreach (var action in actions) Perform(action, now);
    }

    private void Perform(WorkerAction action, long now)
    {
        switch (action)
        {
            case WorkerAction.StartAccepting: _traffic?.StartAccepting(); break;
            case WorkerAction.SayReady: Say(ControlMessage.Ready, WorkerPhase.Ready); break;
            case WorkerAction.SayDraining: Say(ControlMessage.Draining, WorkerPhase.Draining); break;
            case WorkerAction.StopAccepting: _traffic?.StopAccepting(); break;
            case WorkerAction.CloseDue: _traffic?.CloseDue(_clocks.KeepAliveIn(_state)); break;
            case WorkerAction.ListUnfinished: _traffic?.ListUnfinished(TimeSpan.FromMilliseconds(now - _drainBegan)); break;
            case WorkerAction.CutRequests: _traffic?.CutRequests(TimeSpan.FromMilliseconds(now - _drainBegan)); break;
            case WorkerAction.SayLingering:
                _control.Send(ControlMessage.Lingering, (_state is WorkerState.Lingering { Told: var told } ? told : 0).ToString(CultureInfo.InvariantCulture));
                break;
            case WorkerAction.AbortConnections: _traffic?.AbortConnections(); break;
            case WorkerAction.ReleaseServer:
                Settings.Logs.Access?.Buffer?.Flush();
                _drained.TrySetResult();
                break;
            case WorkerAction.StopHost: StopHosts(); break;
            case WorkerAction.Exit: Environment.Exit(ExitCodes.Success); break;
            default: throw new UnreachableException(action.ToString());
        }
    }

    // On the scoreboard first: who acts on the message finds it there.
    private void Say(string verb, WorkerPhase phase)
    {
        Settings.Scoreboard.Phase(phase);
        _control.Send(verb);
        if (phase == WorkerPhase.Ready) LastException.Forget();
        if (phase == WorkerPhase.Ready) Settings.Notify.Ready("serving");
        else Settings.Notify.Stopping("draining");
    }

    // On a thread of its own, because it runs the application's ApplicationStopping callbacks, which may take their time,
    // and because the pool may be starved by the very requests that are overdue.
    private void StopHosts() => new Thread(() =>
    {
        foreach (var stop in _hosts.Keys) stop();
    })
    { IsBackground = true, Name = "starletnet stop" }.Start();

    private void ClearWake()
    {
        ulong count;
        _ = LibC.read(_wake, (byte*)&count, sizeof(ulong));
    }
}
