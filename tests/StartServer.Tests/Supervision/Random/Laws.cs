using StarletNet.Shared.Contract;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision.Random;

/// <summary>What must hold in every world at every moment.</summary>
internal sealed class Laws(World world)
{
    private readonly HashSet<long> _openRequests = [];
    private readonly HashSet<Generation> _accepted = [];
    private readonly HashSet<long> _openAborts = [];

    /// <summary>Deploys whose callers have had no answer yet.</summary>
    internal IReadOnlyCollection<long> OpenRequests => _openRequests;
    private IReadOnlyList<Generation> _status = [];
    private int? _restartOwedAfter;

    internal void Holds(bool law, string name)
    {
        if (!law) throw new LawBroken(name);
    }

    /// <summary>Looks at a step before its actions are performed.</summary>
    internal void Before(SupervisorState before, SupervisorEvent happened, Step step)
    {
        var after = step.State;
        Holds(!step.Actions.SkipLast(1).OfType<Spawn>().Any(), "a spawn is the last of its list");
        Holds(before is Running || !step.Actions.OfType<Spawn>().Any(), "nothing is started after a stop");
        Holds(happened is not StopRequested || after is Stopping or Stopped, "a stop is never lost, whatever is under way");
        if (after is Running running) SignalsSpareWhoServes(running, step);
        CurrentChangesForAReason(before, happened, after);
        RestartsAreNotLost(before, happened, step);
        RequestsAreAnsweredOnce(happened, step);
        NewerDeploysDoNotWait(before, happened, step);
        GapsAreFilledWithWhatServed(step);
        StatusIsTrue(after, step);
        if (step.Actions.OfType<ReleaseListeners>().Any())
            Holds(after is Running { Fleet: var fleet } && Accepting(fleet).All(HasTheListeners), "who accepts at removed listeners keeps them");
        _status = step.Actions.OfType<WriteStatus>().LastOrDefault()?.Generations ?? _status;
    }

    /// <summary>Looks at the world after the actions.</summary>
    internal void After(SupervisorState before, SupervisorEvent happened)
    {
        var known = world.State switch
        {
            Trying trying => trying.Fleet.Everybody.Append(trying.Candidate),
            Running running => running.Fleet.Everybody,
            Stopping stopping => stopping.Remaining,
            _ => [],
        };
        Holds(
            known.Order(ByNumber).SequenceEqual(world.Children.Select(child => child.Generation).Order(ByNumber)),
            "whom we know and who is there are the same: no zombie, no unknown");
        if (world.State is Running { Fleet: var fleet }) FleetIsInOrder(fleet);
        if (world.State is Serving serving) RestIsTruthful(serving.Fleet);
        SomethingWillHappen();
    }

    /// <summary>When everything has had its time.</summary>
    internal void AtRest()
    {
        Holds(world.State is Serving, "in the end one serves");
        Holds(_restartOwedAfter is null, "every HUP has led to an attempt");
    }

    internal void AfterTheEnd() => Holds(_openRequests.Count == 0 && _openAborts.Count == 0, "every request was answered");

    private static readonly Comparer<Generation> ByNumber = Comparer<Generation>.Create((a, b) => a.Number.CompareTo(b.Number));

    private void SignalsSpareWhoServes(Running after, Step step)
    {
        foreach (var send in step.Actions.OfType<Send>())
        {
            Holds(!send.Generations.Contains(after.Fleet.Current), "the current one gets no signal");
            Holds(!send.Generations.Contains(after.Fleet.Probation?.Previous), "the one that stands by gets no signal");
            Holds(send.Meaning == SignalMeaning.Replaced || send.Signal == ChosenSignal.Kill || !send.Generations.Any(after.Fleet.Old.Contains), "an old one is told that it is replaced");
        }
    }

    private void CurrentChangesForAReason(SupervisorState before, SupervisorEvent happened, SupervisorState after)
    {
        if (before is not Running { Fleet: var was } || after is not Running { Fleet: var @is } || was.Current == @is.Current) return;
        var currentDied = happened is Died died && died.Pid == was.Current?.Pid;
        if (@is.Current is null)
        {
            Holds(currentDied, "the current one stays until there is a better one, or it dies");
        }
        else if (was.Probation is { } probation && @is.Current == probation.Previous)
        {
            Holds(currentDied || happened is AbortRequested || (happened is Probed { Outcome: ProbeOutcome.Failed } probed && probed.Generation == was.Current?.Number),
                "a rollback has a reason");
            Holds(!@is.Old.Contains(@is.Current), "after a rollback the previous one is not old any more");
        }
        else
        {
            Holds(before is Trying trying && trying.Candidate == @is.Current, "only the candidate becomes current");
            var child = world.Children.Single(child => child.Generation == @is.Current);
            var ready = world.Policy.Readiness != Readiness.Alive && child.SaidReady;
            var alive = world.Policy.Readiness != Readiness.Notify && child.LivedThroughLook;
            Holds(ready || alive, "who is accepted is ready");
            Holds(!world.Policy.Probes || child.AnsweredProbe, "who is accepted has answered");
            Holds(was.Current is null || @is.Old.Contains(was.Current), "the one before is among the old");
        }
    }

    /// <summary>Who was never accepted serves nobody, and so has no line; while all stop, too.</summary>
    private void StatusIsTrue(SupervisorState after, Step step)
    {
        _accepted.UnionWith(step.Actions.OfType<Tell>().Select(tell => tell.News).OfType<CandidateAccepted>().Select(accepted => accepted.Candidate));
        foreach (var write in step.Actions.OfType<WriteStatus>())
        {
            Holds(write.Generations.All(_accepted.Contains), "only who was accepted is in the status file");
            if (after is Stopping { Remaining: var remaining })
                Holds(write.Generations.Order(ByNumber).SequenceEqual(remaining.Where(_accepted.Contains).Order(ByNumber)), "a stop's status file shows all who are left");
        }
    }

    private static IEnumerable<Generation> Accepting(Fleet fleet) => fleet.Untold.Concat(fleet.Current is { } current ? [current] : []);

    private bool HasTheListeners(Generation generation) =>
        world.Children.Find(child => child.Generation == generation) is not { } child || child.Listeners == world.Listeners;

    private void RestartsAreNotLost(SupervisorState before, SupervisorEvent happened, Step step)
    {
        var spawned = step.Actions.OfType<Spawn>().FirstOrDefault()?.Number;
        if (happened is RestartRequested && before is Running { Fleet.LastNumber: var last } && step.State is Running) _restartOwedAfter = last;
        if (spawned > _restartOwedAfter || step.State is Stopping or Stopped || happened is AbortRequested) _restartOwedAfter = null;
    }

    private void RequestsAreAnsweredOnce(SupervisorEvent happened, Step step)
    {
        if (happened is DeployRequested asked) _openRequests.Add(asked.Request);
        foreach (var ended in step.Actions.OfType<Tell>().Select(tell => tell.News).OfType<DeployEnded>().Where(ended => ended.Request != 0))
            Holds(_openRequests.Remove(ended.Request), "a request is answered once");
    }

    /// <summary>A HUP is followed at once, whatever is being started; so is a request, unless somebody waits for what it would take the place of.</summary>
    private void NewerDeploysDoNotWait(SupervisorState before, SupervisorEvent happened, Step step)
    {
        if (happened is AbortRequested aborts) _openAborts.Add(aborts.Request);
        foreach (var ended in step.Actions.OfType<Tell>().Select(tell => tell.News).OfType<AbortEnded>()) Holds(_openAborts.Remove(ended.Request), "an abort is answered once");
        if (before is not Running running) return;
        var isRefused = step.Actions.OfType<Tell>().Select(tell => tell.News).OfType<DeployEnded>().Any(ended => ended.Outcome == DeployOutcome.Busy);
        var starts = step.Actions is [.., Spawn { AsServed: false }];
        if (happened is RestartRequested) Holds(starts, "a HUP is followed at once");
        if (happened is DeployRequested asked) Holds(isRefused ? asked.Waiting.Count > 0 && step.State == before : starts, "a request is followed at once, or refused for another that is waited for");
        if (happened is AbortRequested && running is Trying { Goal.Pending: null, Candidate: var candidate })
            Holds(((Running)step.State).Fleet.Discarded.Contains(candidate), "an abort ends the candidate");
    }

    /// <summary>Only a deploy follows the links; a crash never starts what has not been deployed.</summary>
    private void GapsAreFilledWithWhatServed(Step step)
    {
        if (step is not { State: StartDue { Goal.Replaces: var deploys, Fleet: var fleet }, Actions: [.., Spawn spawn] }) return;
        Holds(spawn.AsServed == (!deploys && (fleet.Current is not null || _accepted.Count > 0)), "a gap is filled with what served");
    }

    private void FleetIsInOrder(Fleet fleet)
    {
        Holds(!fleet.Discarded.Any(_accepted.Contains), "who was accepted is not discarded");
        Holds(fleet.Current is null || !fleet.Old.Contains(fleet.Current), "the current one is not old");
        Holds(fleet.Old.Distinct().Count() == fleet.Old.Count, "nobody is old twice");
        Holds(fleet.Told.All(number => fleet.Old.Any(old => old.Number == number)), "who was told is old");
        Holds(fleet.Lingering.All(one => one.Connections > 0 && fleet.Told.Contains(one.Generation)), "a generation that lingers was told to go");
        Holds(fleet.Unfinished.All(deploy => fleet.Probation is not null || fleet.Old.Any(old => old.Number < deploy.Generation.Number && !fleet.Lingering.Any(one => one.Generation == old.Number))),
            "a deploy waits only for generations that do not linger");
        Holds(fleet.Probation is not { Previous: var previous } || (fleet.Current is not null && fleet.Untold.Contains(previous)),
            "the one that stands by is there, and was not told to go");
        Holds(fleet.All.All(generation => generation.Number <= fleet.LastNumber), "numbers grow");
    }

    private void RestIsTruthful(Fleet fleet)
    {
        Holds(fleet.Current is not null, "at rest exactly one serves");
        Holds(_status.Order(ByNumber).SequenceEqual(fleet.All), "at rest the status file shows who is there");
        Holds(fleet.Probation is not null || fleet.Untold.All(old => world.Has(timer => timer is OldDue && timer.Generation > old.Number)),
            "old ones were told to go, or will be");
        Holds(fleet.ListenersSince is null || !Accepting(fleet).All(HasTheListeners), "removed listeners are closed when nobody accepts there");
        Holds(!world.Policy.AutoRestart || fleet.Probation is not null || world.Has(new AutoRestartDue(fleet.Current!.Number)),
            "an automatic restart will come");
    }

    /// <summary>No state waits for something that nobody has promised.</summary>
    private void SomethingWillHappen()
    {
        var policy = world.Policy;
        if (world.State is Running { Fleet: { Probation: not null, Current: { } current } })
            Holds(world.Has(new WatchOver(current.Number)), "a watch ends");
        if (world.State is Running { Fleet.Discarded: var discarded })
            Holds(discarded.All(gone => IsDoomed(gone.Number) || world.Has(new GraceOver(gone.Number)) || world.Has(new DrainOverdue(gone.Number)) || policy.DrainTimeout == TimeSpan.Zero), "discarded ones end");
        if (world.State is Running { Fleet: var fleet } && policy.DrainTimeout > TimeSpan.Zero)
            Holds(fleet.Told.All(told => world.Has(new DrainOverdue(told)) || IsDoomed(told)), "draining ends");
        switch (world.State)
        {
            case StartDue s: Holds(world.Has(new RetryDue(s.Fleet.LastNumber + 1)), "the next attempt comes"); break;
            case Watching { Candidate: var c }:
                Holds(world.Has(new LookOver(c.Number)) || world.Children.Exists(child => child.Generation == c && !child.IsProgram), "a look ends");
                break;
            case Awaiting { Candidate: var c }: Holds(policy.ReadyTimeout == TimeSpan.Zero || world.Has(new ReadyOverdue(c.Number)), "patience ends"); break;
            case Probing { Candidate: var c }:
                Holds(policy.ReadyTimeout == TimeSpan.Zero || world.Has(new ReadyOverdue(c.Number)), "patience with probes ends");
                Holds(world.Has(new ProbeDue(c.Number)) || world.ProbesUnderWay.Contains(c.Number), "probes go on");
                break;
            case Rejecting { Candidate: var c }: Holds(world.Has(new GraceOver(c.Number)) || IsDoomed(c.Number), "grace ends"); break;
            case Stopping s:
                Holds(s.Remaining.Count > 0, "a stop that has nobody to wait for is over");
                Holds(policy.StopTimeout == TimeSpan.Zero || world.Has(new StopOverdue()) || s.Remaining.All(one => IsDoomed(one.Number)), "a stop ends");
                break;
        }
    }

    private bool IsDoomed(int number) => world.Children.Exists(child => child.Generation.Number == number && (child.Killed || child.Ended));
}

internal sealed class LawBroken(string law) : Exception(law);
