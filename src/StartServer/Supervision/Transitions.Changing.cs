using StarletNet.Shared.Contract;
using StarletNet.Shared.Processes;
using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>From the acceptance of a candidate to the end of those before it; crashes; automatic restarts.</summary>
internal sealed partial class Transitions
{
    /// <summary>The status file shows both generations before the old one hears of it.</summary>
    private Step Accept(Trying state, TimeSpan now)
    {
        var deploy = state.Goal.Replaces;
        var fleet = state.Fleet with
        {
            Current = state.Candidate,
            Since = now,
            RenewedAt = now,
            Crashes = deploy ? 0 : state.Fleet.Crashes,
            Old = state.Fleet.All,
            Probation = deploy ? ProbationAfter(state) : null,
            Unfinished = deploy
                ? [.. state.Fleet.Unfinished, new UnfinishedDeploy(state.Goal.Request, state.Candidate)]
                : state.Fleet.Unfinished,
        };
        List<SupervisorAction> actions =
        [
            new WriteStatus(fleet.All),
            new Tell(new CandidateAccepted(state.Candidate, now - state.StartedAt)),
        ];
        // A generation that fills a gap retires nobody, unless the one whose gap it fills died before it could.
        if (fleet.Probation is not null) actions.AddRange(BeginWatch(fleet));
        else if (deploy || fleet.Untold.Count > 0) fleet = Retire(fleet, actions);
        // The gap is filled; the deploy whose candidates failed when it opened goes on.
        return state.Goal.Pending is { } pending
            ? new Step(new StartDue(fleet, pending), [.. actions, .. Pause(fleet, policy.Pace(pending.Failures))])
            : new Step(new Serving(fleet), actions);
    }

    /// <summary>Adds what is to be done to those before the current one: at once, or after the kill-old-delay.</summary>
    private Fleet Retire(Fleet fleet, List<SupervisorAction> actions)
    {
        actions.Add(new Log(Messages.NewWorkerRunning(policy.OnHup, fleet.Old)));
        if (policy.KillOldDelay == TimeSpan.Zero) return SignalOld(fleet, fleet.Old, actions);
        actions.Add(new Log(Messages.Sleeping(policy.KillOldDelay)));
        actions.Add(new SetTimer(new OldDue(fleet.Current!.Number), policy.KillOldDelay));
        return fleet;
    }

    private Step OldIsDue(Running state, int generation)
    {
        var actions = new List<SupervisorAction>();
        var fleet = SignalOld(state.Fleet, [.. state.Fleet.Old.Where(old => old.Number < generation)], actions);
        return new Step(state with { Fleet = fleet }, actions);
    }

    /// <summary>All of them, also those that were told before; but their time to drain began then.</summary>
    private Fleet SignalOld(Fleet fleet, IReadOnlyList<Generation> old, List<SupervisorAction> actions)
    {
        Generation[] first = [.. old.Where(generation => !fleet.Told.Contains(generation.Number))];
        actions.Add(new Log(Messages.KillingOld));
        actions.Add(new Send(policy.OnHup, old, SignalMeaning.Replaced));
        if (old.Count > 0) actions.Add(new Tell(new OldSignalled(old, policy.OnHup)));
        if (policy.DrainTimeout > TimeSpan.Zero)
            actions.AddRange(first.Select(generation => new SetTimer(new DrainOverdue(generation.Number), policy.DrainTimeout)));
        return first.Length == 0 ? fleet : fleet with { Told = [.. fleet.Told, .. first.Select(generation => generation.Number)] };
    }

    private Step OldDied(Running state, Generation old, Died died)
    {
        var fleet = state.Fleet.Without(old);
        List<SupervisorAction> actions =
        [
            new Log(Messages.OldWorkerDied(died.Pid, died.Exit)),
            new WriteStatus(fleet.All),
            new Tell(new GenerationEnded(old, died.Exit)),
        ];
        // The one to fall back to is gone: there is nothing more to watch for.
        if (old == fleet.Probation?.Previous) fleet = Retire(fleet with { Probation = null }, actions);
        return new Step(state with { Fleet = fleet }, actions);
    }

    /// <summary>
    /// Nobody serves now. The dead one stays in the status file until the next is accepted, as with Server::Starter. A candidate
    /// that is being tried is the replacement. A deploy that pauses between failed attempts waits until the gap is filled with what
    /// served. Else one attempt follows at once, and only those after it are spaced, so that a program that dies just after its start
    /// check does not spin.
    /// </summary>
    private Step CurrentDied(Running state, Died died, TimeSpan now)
    {
        var current = state.Fleet.Current!;
        var young = now - state.Fleet.Since < SupervisionPolicy.Healthy;
        var fleet = state.Fleet with
        {
            Current = null,
            Crashes = young ? state.Fleet.Crashes + 1 : 1,
            Restarts = state.Fleet.Restarts + 1,
            LastFailure = Messages.WhyFailed(current.Number, Messages.Ended(died.Exit)),
        };
        SupervisorAction[] said = [new Log(Messages.DiedUnexpectedly(died.Pid, died.Exit)), new Tell(new GenerationEnded(current, died.Exit))];
        if (state is Trying) return new Step(state with { Fleet = fleet }, said);
        var goal = new Goal(Replaces: false, Failures: 0, Pending: (state as StartDue)?.Goal);
        if (fleet.Crashes == 1 && EndedAsIfAsked(died.Exit))
            return new Step(new StartDue(fleet, goal), [.. said, .. Pause(fleet, SupervisionPolicy.StopMayFollow)]);
        return fleet.Crashes == 1
            ? Attempt(fleet, goal, said)
            : new Step(new StartDue(fleet, goal), [.. said, .. Pause(fleet, policy.Pace(fleet.Crashes - 1))]);
    }

    /// <summary>
    /// A terminal's ^C, or a stop of the whole service by its manager, reaches program and supervisor at the same time, and the
    /// program may be gone before we have heard of it. Clean exits and deaths by a stop signal therefore wait a moment for the
    /// signal that explains them, instead of starting a generation only to stop it.
    /// </summary>
    private static bool EndedAsIfAsked(ChildExit exit) =>
        exit.IsSignal ? exit.Signal == Signal.Term || exit.Signal == Signal.Int || exit.Signal == Signal.Quit : exit.Code is 0 or 130 or 131 or 143;

    /// <summary>
    /// Server::Starter looks once a second; here each change at rest looks, and sets the timer for when it is worth looking again.
    /// A watch is not disturbed: its end is such a change.
    /// </summary>
    private Step AutoRestart(Step step, Serving state, TimeSpan now)
    {
        var fleet = state.Fleet;
        if (!policy.AutoRestart || fleet.Current is null || fleet.Probation is not null) return step;
        var forced = fleet.Old.Count > 0;
        var wait = fleet.RenewedAt + (policy.AutoRestartInterval * (forced ? 2 : 1)) - now;
        return wait > TimeSpan.Zero
            ? step with { Actions = [.. step.Actions, new SetTimer(new AutoRestartDue(fleet.Current.Number), wait)] }
            : Deploy(fleet, Replacement, [.. step.Actions, new Log(Messages.AutoRestart(policy.AutoRestartInterval, forced))]);
    }

    /// <summary>
    /// Removed listeners are served for as long as somebody serves who was started with them and has not been told to go: until the new
    /// generation has proved itself and the old ones get their signal. Before that signal, not after it: what a drain finds in
    /// the queue is then all that will ever be there.
    /// </summary>
    private static Step ReleaseListeners(Step step)
    {
        if (step.State is not Running { Fleet: { ListenersSince: { } since, Current: { } current } fleet } running) return step;
        return current.Number < since || fleet.Untold.Any(old => old.Number < since)
            ? step
            : new Step(running with { Fleet = fleet with { ListenersSince = null } }, [new ReleaseListeners(), .. step.Actions]);
    }

    /// <summary>A deploy is over when its generation has stood its watch and all before it have ended, or only linger.</summary>
    private static Step FinishDeploys(Step step)
    {
        if (step.State is not Running { Fleet: { Unfinished.Count: > 0 } fleet } running) return step;
        var done = fleet.Unfinished.ToLookup(deploy =>
            (fleet.Probation is null || fleet.Current != deploy.Generation) && !fleet.Old.Any(old => old.Number < deploy.Generation.Number && Lingering.ConnectionsOf(fleet, old) == 0));
        if (!done.Contains(true)) return step;
        var told = done[true].Select(deploy =>
            new Tell(new DeployEnded(deploy.Request, DeployOutcome.Done, Messages.Deployed(deploy.Generation, fleet.Current), Lingering.ConnectionsOf(fleet))
            {
                Serves = deploy.Generation == fleet.Current ? deploy.Generation : null,
            }));
        // A spawn stays the last of its list.
        var spawn = step.Actions.OfType<Spawn>();
        return new Step(
            running with { Fleet = fleet with { Unfinished = [.. done[false]] } },
            [.. step.Actions.Where(action => action is not Spawn), .. told, .. spawn]);
    }
}
