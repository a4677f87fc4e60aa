using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision.Random;

/// <summary>
/// The world as <see cref="Transitions"/> sees it, played by dice: children that start, speak, die and ignore signals as they like,
/// timers, probes, a clock, and people who send signals. It performs the actions and hands the events back, one at a time; a child
/// that has ended is reaped some time later, as with the real queue.
/// </summary>
internal sealed class World
{
    private readonly System.Random _dice;
    private readonly Dictionary<TimerEvent, TimeSpan> _timers = [];
    private SupervisionPolicy _policy;
    private int _lastPid = 100;
    private long _lastRequest;

    internal World(int seed)
    {
        _dice = new System.Random(seed);
        _policy = new SupervisionPolicy
        {
            Interval = Seconds(0, 1, 5),
            ReadyTimeout = Seconds(0, 3, 60),
            Readiness = Pick(Readiness.Auto, Readiness.Auto, Readiness.Notify, Readiness.Alive),
            Probes = Chance(40),
            MaxStartAttempts = Pick(0, 0, 1, 3),
            Watch = Seconds(0, 0, 5, 100),
            KillOldDelay = Seconds(0, 0, 3),
            AutoRestart = Chance(30),
            AutoRestartInterval = Seconds(1, 20, 360),
            DrainTimeout = Seconds(0, 10),
            MaxOldGenerations = Pick(0, 0, 1, 2),
            StopTimeout = Seconds(0, 10),
            OnTerm = Pick(ChosenSignal.Term, ChosenSignal.Parse("QUIT")!),
        };
        Laws = new Laws(this);
        _timers[new RetryDue(1)] = TimeSpan.Zero;
    }

    internal SupervisionPolicy Policy => _policy;

    internal SupervisorState State { get; private set; } = Transitions.Begin;

    internal TimeSpan Now { get; private set; }

    /// <summary>All that have not been reaped.</summary>
    internal List<FakeChild> Children { get; } = [];

    internal HashSet<int> ProbesUnderWay { get; } = [];

    /// <summary>Events, and after each the actions that followed; made readable only when somebody must read it.</summary>
    internal List<(TimeSpan At, object What)> History { get; } = [];

    internal Laws Laws { get; }

    /// <summary>How often the command line has been changed.</summary>
    internal int Listeners { get; private set; }

    internal bool Has(TimerEvent timer) => _timers.ContainsKey(timer);

    internal bool Has(Func<TimerEvent, bool> timer) => _timers.Keys.Any(timer);

    /// <summary>One thing happens, whatever it is.</summary>
    internal void Live(bool mayStop)
    {
        switch (_dice.Next(22))
        {
            case 0: Handle(new RestartRequested()); break;
            case 1: Handle(new DeployRequested(++_lastRequest, _dice.Next(3)) { Waiting = [.. Laws.OpenRequests.Where(_ => Chance(50))] }); break;
            case 2 when mayStop && Chance(15): Handle(new StopRequested(Pick(Signal.Term, Signal.Int, Signal.Quit))); break;
            case 3: ChangePolicy(); break;
            case 4 or 5: EndSomebody(); break;
            case 6: Handle(new Died(99, new ChildExit(0))); break;
            case 7 or 8: Reap(); break;
            case 9 or 10 or 11: AnswerProbe(); break;
            case 12 or 13 or 14: LetSomebodySpeak(); break;
            case 15: ChangeCommandLine(); break;
            case 16 when Chance(30): Handle(new AbortRequested(++_lastRequest)); break;
            default: Wait(); break;
        }
    }

    /// <summary>From now on only what must happen happens: children obey, the dead are reaped, timers run out.</summary>
    /// <returns>False when there is nothing left to happen.</returns>
    internal bool Settle(TimeSpan until)
    {
        foreach (var child in Children.Where(child => child.Dying)) child.Ended = true;
        if (Children.Exists(child => child.Ended)) Reap();
        else if (Children.Find(child => !child.IsProgram) is { } launched) Execute(launched);
        else if (ProbesUnderWay.Count > 0) AnswerProbe(good: true);
        else if (State is Awaiting { Candidate: var candidate }) Speak(Children.Single(child => child.Generation == candidate), ready: true);
        else if (_timers.Count > 0 && _timers.Values.Min() <= until) Wait();
        else return false;
        return true;
    }

    internal void Tell(SupervisorEvent happened) => Handle(happened);

    internal void Sleep(TimeSpan time) => Now += time;

    private void ChangePolicy()
    {
        _policy = _policy with { AutoRestart = Chance(50), AutoRestartInterval = Seconds(1, 20, 360), KillOldDelay = Seconds(0, 3) };
        Handle(new PolicyChanged());
    }

    private void ChangeCommandLine()
    {
        Listeners++;
        Handle(new CommandLineChanged(Back: false));
    }

    private void EndSomebody()
    {
        // Those who have been told go more readily than others.
        var doomed = Children.Where(child => child.Dying).ToArray();
        if (doomed.Length > 0) Pick(doomed).Ended = true;
        else if (Children.Count > 0 && Chance(40)) Pick([.. Children]).Ended = true;
    }

    private void Reap()
    {
        if (Children.Find(child => child.Ended) is not { } ended) return;
        Children.Remove(ended);
        Handle(new Died(ended.Generation.Pid, new ChildExit(ended.Killed ? 9 : Pick(0, 15, 256))) { Said = Chance(30) ? "why" : null, IsHopeless = Chance(10) });
    }

    private void AnswerProbe(bool? good = null)
    {
        if (ProbesUnderWay.Count == 0) return;
        var number = ProbesUnderWay.First();
        ProbesUnderWay.Remove(number);
        var outcome = good == true ? ProbeOutcome.Answered : Pick(ProbeOutcome.Answered, ProbeOutcome.Answered, ProbeOutcome.Failed, ProbeOutcome.Misdirected);
        // The dead do not answer.
        if (Children.Find(child => child.Generation.Number == number) is not { Ended: false } child) outcome = ProbeOutcome.Failed;
        else if (outcome == ProbeOutcome.Answered) child.AnsweredProbe = true;
        Handle(new Probed(number, outcome, outcome.ToString()));
    }

    private void LetSomebodySpeak()
    {
        if (Children.Count == 0 || Pick([.. Children]) is not { Ended: false } child) return;
        if (!child.IsProgram)
        {
            Execute(child);
            return;
        }
        if (Chance(20)) Handle(new Lingers(child.Generation.Number, _dice.Next(3)));
        else Speak(child, ready: Chance(60));
    }

    private void Speak(FakeChild child, bool ready)
    {
        child.SaidReady |= ready;
        Handle(ready ? new Ready(child.Generation.Number) : new Spoke(child.Generation.Number));
    }

    private void Execute(FakeChild child)
    {
        child.IsProgram = true;
        Handle(new Executed(child.Generation.Number));
    }

    private void Wait()
    {
        if (_timers.Count == 0) return;
        var (timer, due) = _timers.MinBy(timer => timer.Value);
        _timers.Remove(timer);
        if (due > Now) Now = due;
        if (timer is LookOver && Children.Find(child => child.Generation.Number == timer.Generation) is { } child) child.LivedThroughLook = true;
        Handle(timer);
    }

    private void Handle(SupervisorEvent happened)
    {
        History.Add((Now, happened));
        var before = State;
        var step = new Transitions(_policy).Next(State, happened, Now);
        State = step.State;
        // A spawn is answered at once, so only after it are all the pieces in place for looking at them.
        Laws.Before(before, happened, step);
        foreach (var action in step.Actions) Perform(action);
        if (step.Actions is not [.., Spawn]) Laws.After(before, happened);
    }

    private void Perform(SupervisorAction action)
    {
        History.Add((Now, action));
        switch (action)
        {
            case SetTimer timer: _timers[timer.Event] = Now + (timer.Delay > TimeSpan.Zero ? timer.Delay : TimeSpan.Zero); break;
            case Probe probe: Laws.Holds(ProbesUnderWay.Add(probe.Generation.Number), "one probe at a time"); break;
            case Send send: Deliver(send); break;
            case Spawn spawn: Start(spawn); break;
        }
    }

    private void Deliver(Send send)
    {
        foreach (var generation in send.Generations)
        {
            var child = Children.Find(child => child.Generation == generation);
            Laws.Holds(child is not null, $"only children that are there get signals, not {generation}");
            if (send.Signal == ChosenSignal.Kill) child!.Killed = true;
            if (child!.Killed || !child.Stubborn) child.Dying = true;
        }
    }

    private void Start(Spawn spawn)
    {
        if (Chance(5))
        {
            Handle(new SpawnFailed("no memory", IsHopeless: Chance(50)));
            return;
        }
        var child = new FakeChild(new Generation(spawn.Number, ++_lastPid), stubborn: Chance(20), Listeners);
        Children.Add(child);
        Handle(new Spawned(child.Generation));
    }

    private bool Chance(int percent) => _dice.Next(100) < percent;

    private T Pick<T>(params T[] from) => from[_dice.Next(from.Length)];

    private TimeSpan Seconds(params double[] from) => TimeSpan.FromSeconds(Pick(from));
}
