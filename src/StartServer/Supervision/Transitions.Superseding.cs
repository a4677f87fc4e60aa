using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>What takes the place of a start that has not been accepted: a newer deploy, or <c>--abort</c>.</summary>
internal sealed partial class Transitions
{
    /// <summary>
    /// The newer deploy starts at once, beside a candidate that is told to stop: one that hangs may take the whole grace to end, and the fix
    /// must not wait for it. A READY=1 that stands behind the HUP in the same batch of events comes too late: the candidate may accept
    /// connections by then, and drains as any generation does.
    /// </summary>
    private Step Supersede(Running state, Goal goal, string reason, Log said) => state switch
    {
        Trying trying => Supersede(trying, goal, reason, said),
        StartDue due => Deploy(due.Fleet, goal, [.. EndDeploy(due.Goal, DeployOutcome.CandidateFailed, reason), said]),
        _ => Deploy(state.Fleet, goal, said),
    };

    private Step Supersede(Trying state, Goal goal, string reason, Log said)
    {
        var actions = new List<SupervisorAction>();
        var fleet = Discard(state, reason, actions);
        return Deploy(fleet, goal, [.. actions, .. EndDeploy(state.Goal, DeployOutcome.CandidateFailed, reason), said]);
    }

    /// <summary>Whether somebody still waits for the deploy that is under way, or watched.</summary>
    private static bool BlockedBy(Running state, DeployRequested asked)
    {
        var goal = GoalOf(state);
        return new[] { goal?.Request, goal?.Pending?.Request, state.Fleet.Probation?.Request }.Any(request => request is { } one and not 0 && asked.Waiting.Contains(one));
    }

    internal static Goal? GoalOf(Running state) => state switch { StartDue due => due.Goal, Trying trying => trying.Goal, _ => null };

    /// <summary>
    /// The candidate is told to stop. One that has said nothing yet may already serve (Server::Starter's children accept from the first
    /// moment), and goes as an old generation does; one that is known not to be ready gets what a candidate gets that is not ready in time.
    /// </summary>
    private Fleet Discard(Trying state, string reason, List<SupervisorAction> actions)
    {
        var candidate = state.Candidate;
        actions.Add(new Tell(new CandidateDiscarded(candidate, reason)));
        switch (state)
        {
            // It has been told before, and its grace runs.
            case Rejecting: actions.Add(new Log(Messages.Discarded(candidate, reason))); break;
            case Watching:
                actions.Add(new Log(Messages.Discarded(candidate, reason, policy.OnHup)));
                actions.Add(new Send(policy.OnHup, [candidate]));
                if (policy.DrainTimeout > TimeSpan.Zero) actions.Add(new SetTimer(new DrainOverdue(candidate.Number), policy.DrainTimeout));
                break;
            default:
                actions.Add(new Log(Messages.Discarded(candidate, reason, policy.OnTerm)));
                actions.Add(new Send(policy.OnTerm, [candidate]));
                actions.Add(new SetTimer(new GraceOver(candidate.Number), SupervisionPolicy.RejectGrace));
                break;
        }
        return state.Fleet with { Discarded = [.. state.Fleet.Discarded, candidate] };
    }

    private static Step DiscardedDied(Running state, Generation gone, Died died) => Stay(
        state with { Fleet = state.Fleet with { Discarded = [.. state.Fleet.Discarded.Where(discarded => discarded != gone)] } },
        new Log(Messages.DiscardedEnded(gone, died.Exit)));

    /// <summary>A deploy and one that waits behind a gap end; a caller that still waits learns why.</summary>
    private static IEnumerable<SupervisorAction> EndDeploy(Goal goal, DeployOutcome outcome, string reason)
    {
        if (goal.Pending is { } pending) return EndDeploy(pending, outcome, reason);
        return goal.Replaces && goal.Request != 0 ? [new Tell(new DeployEnded(goal.Request, outcome, reason))] : [];
    }

    private Step Abort(Trying state, AbortRequested asked, TimeSpan now)
    {
        // What fills a gap is not the deploy: that one waits behind it, and is what is cancelled.
        if (state.Goal.Pending is not null)
        {
            var step = Stay(state with { Goal = state.Goal with { Pending = null } });
            return step with { Actions = [.. EndDeploy(state.Goal, DeployOutcome.Aborted, Messages.Aborted), AbortDone(asked, Messages.AbortedPending(state.Candidate))] };
        }
        var actions = new List<SupervisorAction>();
        var fleet = Discard(state, Messages.Aborted, actions);
        return Abort(state, asked, fleet, state.Goal, now, actions);
    }

    private static Step Abort(Running state, AbortRequested asked, Fleet fleet, Goal goal, TimeSpan now, params IReadOnlyList<SupervisorAction> before)
    {
        var candidate = (state as Trying)?.Candidate;
        SupervisorAction[] ended = [.. before, .. EndDeploy(goal, DeployOutcome.Aborted, Messages.Aborted)];
        return fleet.Current is { } current
            ? new Step(new Serving(fleet with { RenewedAt = now }), [.. ended, AbortDone(asked, Messages.AbortedDeploy(candidate, current))])
            : Attempt(fleet, new Goal(Replaces: false, Failures: 0), [.. ended, AbortDone(asked, Messages.AbortedStart(candidate, fleet.LastNumber + 1))]);
    }

    /// <summary>The one before it still runs and takes its place again.</summary>
    private Step AbortWatch(Serving state, AbortRequested asked, TimeSpan now)
    {
        var (from, to) = (state.Fleet.Current!, state.Fleet.Probation!.Previous);
        return RollBack(
            state, Messages.Aborted, stillRuns: true, now, [new Log(Messages.WatchAborted(from, to)), AbortDone(asked, Messages.WatchAborted(from, to))]);
    }

    private static Tell AbortDone(AbortRequested asked, string text) => new(new AbortEnded(asked.Request, IsAborted: true, text));

    private static Tell NothingToAbort(AbortRequested asked, string text) => new(new AbortEnded(asked.Request, IsAborted: false, text));
}
