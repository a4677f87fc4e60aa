using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>From the wish for a generation to a candidate that is accepted, or given up.</summary>
internal sealed partial class Transitions
{
    /// <summary>
    /// The first attempt of a deploy. With a cap on old generations the oldest make room now, not when the candidate is accepted: the
    /// cap is there for what the machine can hold. The one that a watch would fall back to is not touched.
    /// </summary>
    private Step Deploy(Fleet fleet, Goal goal, params IReadOnlyList<SupervisorAction> before)
    {
        var excess = policy.MaxOldGenerations == 0 || fleet.Current is null ? 0 : fleet.Old.Count + 1 - policy.MaxOldGenerations;
        Generation[] surplus = [.. fleet.Old.Where(old => old != fleet.Probation?.Previous).Take(Math.Max(0, excess))];
        return surplus.Length == 0
            ? Attempt(fleet, goal, before)
            : Attempt(fleet, goal,
                [.. before, new Log(Messages.TooManyOld(policy.MaxOldGenerations, surplus)), new Send(ChosenSignal.Kill, surplus)]);
    }

    /// <summary>Every attempt has a number of its own, also one that fails before there is a process.</summary>
    private static Step Attempt(Fleet fleet, Goal goal, params IEnumerable<SupervisorAction> before)
    {
        var number = fleet.LastNumber + 1;
        // Only a deploy follows the links of the command line; a gap is filled with what served. Before anything has served there are
        // only the links.
        return new Step(new StartDue(fleet with { LastNumber = number }, goal), [.. before, new Spawn(number, AsServed: !goal.Replaces && fleet.HasServed)]);
    }

    private Step Watch(StartDue state, Generation candidate, TimeSpan now)
    {
        SupervisorAction[] actions =
            [new Log(Messages.StartingWorker(candidate)), new Tell(new CandidateStarted(candidate, state.Goal.Failures + 1))];
        return policy.Readiness == Readiness.Notify
            ? new Step(
                new Awaiting(state.Fleet, state.Goal, candidate, now),
                [.. actions, .. HoldToReady(candidate, policy.ReadyTimeout)])
            : new Step(new Watching(state.Fleet, state.Goal, candidate, now), actions);
    }

    private Step Oblige(Watching state, TimeSpan now) => new(
        new Awaiting(state.Fleet, state.Goal, state.Candidate, state.StartedAt),
        [.. HoldToReady(state.Candidate, state.StartedAt + policy.ReadyTimeout - now)]);

    private IEnumerable<SupervisorAction> HoldToReady(Generation candidate, TimeSpan within) =>
        policy.ReadyTimeout == TimeSpan.Zero ? [] : [new SetTimer(new ReadyOverdue(candidate.Number), within)];

    /// <summary>
    /// By its own account, or by being alive. With a probe that is not enough; one that has said nothing so far gets the whole time
    /// for it.
    /// </summary>
    private Step Started(Trying state, TimeSpan now) => policy.Probes
        ? new Step(
            new Probing(state.Fleet, state.Goal, state.Candidate, state.StartedAt, Complaint: null),
            [new Probe(state.Candidate), .. state is Watching ? HoldToReady(state.Candidate, policy.ReadyTimeout) : []])
        : Accept(state, now);

    private static Step ProbeAgain(Probing state, string complaint) =>
        new(state with { Complaint = complaint }, [new SetTimer(new ProbeDue(state.Candidate.Number), SupervisionPolicy.ProbePause)]);

    private Step Reject(Trying state, string? complaint) => new(
        new Rejecting(
            state.Fleet, state.Goal, state.Candidate, state.StartedAt, Messages.WasNotReady(policy.ReadyTimeout, complaint)),
        [
            new Log(Messages.NotReady(state.Candidate, policy.ReadyTimeout, complaint, policy.OnTerm)),
            new Send(policy.OnTerm, [state.Candidate]),
            new SetTimer(new GraceOver(state.Candidate.Number), SupervisionPolicy.RejectGrace),
        ]);

    /// <summary>Its own last words are the reason, where it has left any: an exit code says less.</summary>
    private Step CandidateDied(Trying state, Died died, TimeSpan now)
    {
        var rejected = (state as Rejecting)?.Reason;
        var reason = Messages.WhyDied(rejected, died);
        SupervisorAction[] failed =
            [new Log(Messages.FailedToStart(state.Candidate, died.Exit)), new Tell(new CandidateFailed(state.Candidate, reason))];
        var fleet = state.Fleet with { LastFailure = Messages.WhyFailed(state.Candidate.Number, reason, isSaid: rejected is null && died.Said is not null) };
        return AttemptFailed(fleet, state.Goal, state.StartedAt, now, failed, died.IsHopeless);
    }

    private Step SpawnFailed(StartDue state, SpawnFailed failed, TimeSpan now) => AttemptFailed(
        state.Fleet with { LastFailure = Messages.WhyFailed(state.Fleet.LastNumber, failed.Reason, isSaid: true) }, state.Goal, startedAt: now, now,
        [
            new Log(failed.IsHopeless ? failed.Reason : Messages.SpawnFailed(failed.Reason)),
            new Tell(new CandidateFailed(Candidate: null, failed.Reason)),
        ],
        failed.IsHopeless);

    /// <summary>
    /// The failure is said at once; the pause counts from the start of the attempt, so that attempts are evenly spaced. An attempt that is
    /// hopeless is not repeated, except where a gap is to be filled: a program that somebody is just replacing comes back, and giving up
    /// would end the service.
    /// </summary>
    private Step AttemptFailed(Fleet fleet, Goal goal, TimeSpan startedAt, TimeSpan now, IReadOnlyList<SupervisorAction> failure, bool isHopeless)
    {
        var next = goal with { Failures = goal.Failures + 1 };
        var attempts = next.Attempts ?? policy.MaxStartAttempts;
        var wait = startedAt + policy.Pace(next.Failures) - now;
        var isOver = attempts != 0 && next.Failures >= attempts;
        if (isOver || (isHopeless && (goal.Replaces || !fleet.HasServed))) return AttemptsUsedUp(fleet, next, wait, now, failure, isHopeless);
        // The generation that served has died meanwhile: first what is known to work, then the deploy goes on.
        return goal.Replaces && fleet is { Current: null, HasServed: true }
            ? Attempt(fleet, new Goal(Replaces: false, Failures: 0, Pending: next), failure)
            : new Step(new StartDue(fleet, next), [.. failure, .. Pause(fleet, wait)]);
    }

    /// <summary>
    /// The current generation keeps serving; the next attempt waits for a HUP or a <c>--restart</c>. Where the one that served has died
    /// during the deploy, the deploy is over, but its gap must be filled: a new series. Where nothing serves to begin with, we have
    /// failed at our task.
    /// </summary>
    private Step AttemptsUsedUp(Fleet fleet, Goal goal, TimeSpan wait, TimeSpan now, IReadOnlyList<SupervisorAction> failure, bool isHopeless)
    {
        if (goal is { Replaces: false, Pending: { } pending }) return Attempt(fleet, pending, failure);
        if (!goal.Replaces) return GiveUp(fleet, goal.Failures, now, failure);
        var ended = new Tell(new DeployEnded(goal.Request, DeployOutcome.CandidateFailed, fleet.LastFailure!));
        if (fleet.Current is { } current)
            return new Step(new Serving(fleet with { RenewedAt = now }), [.. failure, new Log(Messages.Abandoned(goal.Failures, current)), ended]);
        if (!fleet.HasServed && isHopeless) return GiveUp(fleet, goal.Failures, now, [.. failure, ended]);
        // What served is known to work, and nothing serves: no pause.
        return new Step(new StartDue(fleet, new Goal(Replaces: false, Failures: 0)), [.. failure, ended, .. Pause(fleet, fleet.HasServed ? TimeSpan.Zero : wait)]);
    }

    private IEnumerable<SupervisorAction> Pause(Fleet fleet, TimeSpan wait)
    {
        if (wait < TimeSpan.Zero) wait = TimeSpan.Zero;
        // Pauses within the interval are Server::Starter's own and go without saying.
        if (wait > policy.Look) yield return new Log(Messages.NextAttemptIn(wait));
        yield return new SetTimer(new RetryDue(fleet.LastNumber + 1), wait);
    }
}
