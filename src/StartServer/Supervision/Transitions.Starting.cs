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
        return new Step(new StartDue(fleet with { LastNumber = number }, goal), [.. before, new Spawn(number)]);
    }

    private Step Watch(StartDue state, Generation candidate, TimeSpan now)
    {
        SupervisorAction[] actions =
            [new Log(Messages.StartingWorker(candidate)), new Tell(new CandidateStarted(candidate, state.Goal.Failures + 1))];
        return policy.Readiness == Readiness.Notify
            ? new Step(
                new Awaiting(state.Fleet, state.Goal, candidate, now, Again: false),
                [.. actions, .. HoldToReady(candidate, policy.ReadyTimeout)])
            : new Step(new Watching(state.Fleet, state.Goal, candidate, now, Again: false), actions);
    }

    private Step Oblige(Watching state, TimeSpan now) => new(
        new Awaiting(state.Fleet, state.Goal, state.Candidate, state.StartedAt, state.Again),
        [.. HoldToReady(state.Candidate, state.StartedAt + policy.ReadyTimeout - now)]);

    private IEnumerable<SupervisorAction> HoldToReady(Generation candidate, TimeSpan within) =>
        policy.ReadyTimeout == TimeSpan.Zero ? [] : [new SetTimer(new ReadyOverdue(candidate.Number), within)];

    /// <summary>
    /// By its own account, or by being alive. With a probe that is not enough; one that has said nothing so far gets the whole time
    /// for it.
    /// </summary>
    private Step Started(Trying state, TimeSpan now) => policy.Probes
        ? new Step(
            new Probing(state.Fleet, state.Goal, state.Candidate, state.StartedAt, state.Again, Complaint: null),
            [new Probe(state.Candidate), .. state is Watching ? HoldToReady(state.Candidate, policy.ReadyTimeout) : []])
        : Accept(state, now);

    private static Step ProbeAgain(Probing state, string complaint) =>
        new(state with { Complaint = complaint }, [new SetTimer(new ProbeDue(state.Candidate.Number), SupervisionPolicy.ProbePause)]);

    private Step Reject(Trying state, string? complaint) => new(
        new Rejecting(
            state.Fleet, state.Goal, state.Candidate, state.StartedAt, state.Again, Messages.WasNotReady(policy.ReadyTimeout, complaint)),
        [
            new Log(Messages.NotReady(state.Candidate, policy.ReadyTimeout, complaint, policy.OnTerm)),
            new Send(policy.OnTerm, [state.Candidate]),
            new SetTimer(new GraceOver(state.Candidate.Number), SupervisionPolicy.RejectGrace),
        ]);

    private Step CandidateDied(Trying state, Died died, TimeSpan now)
    {
        var reason = (state as Rejecting)?.Reason ?? Messages.Ended(died.Exit);
        SupervisorAction[] failed =
            [new Log(Messages.FailedToStart(state.Candidate, died.Exit)), new Tell(new CandidateFailed(state.Candidate, reason))];
        var fleet = state.Fleet with { LastFailure = Messages.WhyFailed(state.Candidate.Number, reason) };
        // The HUP that came meanwhile may mean a better program than the one that has just failed: no pause before it.
        return state.Again
            ? Deploy(fleet, Replacement, [.. failed, .. Supersede(state.Goal), new Log(Messages.Restarting)])
            : AttemptFailed(fleet, state.Goal, state.StartedAt, now, failed);
    }

    private Step SpawnFailed(StartDue state, SpawnFailed failed, TimeSpan now) => AttemptFailed(
        state.Fleet with { LastFailure = Messages.WhyFailed(state.Fleet.LastNumber, failed.Reason) }, state.Goal, startedAt: now, now,
        [new Log(Messages.SpawnFailed(failed.Reason)), new Tell(new CandidateFailed(Candidate: null, failed.Reason))]);

    /// <summary>The failure is said at once; the pause counts from the start of the attempt, so that attempts are evenly spaced.</summary>
    private Step AttemptFailed(Fleet fleet, Goal goal, TimeSpan startedAt, TimeSpan now, IReadOnlyList<SupervisorAction> failure)
    {
        var next = goal with { Failures = goal.Failures + 1 };
        var attempts = next.Attempts ?? policy.MaxStartAttempts;
        var wait = startedAt + policy.Pace(next.Failures) - now;
        return attempts == 0 || next.Failures < attempts
            ? new Step(new StartDue(fleet, next), [.. failure, .. Pause(fleet, wait)])
            : AttemptsUsedUp(fleet, next, wait, now, failure);
    }

    /// <summary>
    /// Who serves, serves on; nothing more is tried until somebody asks. Where the one that served has died during the deploy, the
    /// deploy is over, but its gap must be filled: a new series. Where there is nobody to begin with, we have failed at our task.
    /// </summary>
    private Step AttemptsUsedUp(Fleet fleet, Goal goal, TimeSpan wait, TimeSpan now, IReadOnlyList<SupervisorAction> failure)
    {
        if (!goal.Replaces) return GiveUp(fleet, goal.Failures, now, failure);
        var ended = new Tell(new DeployEnded(goal.Request, DeployOutcome.CandidateFailed, fleet.LastFailure!));
        return fleet.Current is { } current
            ? new Step(new Serving(fleet with { RenewedAt = now }), [.. failure, new Log(Messages.Abandoned(goal.Failures, current)), ended])
            : new Step(new StartDue(fleet, new Goal(Replaces: false, Failures: 0)), [.. failure, ended, .. Pause(fleet, wait)]);
    }

    private IEnumerable<SupervisorAction> Pause(Fleet fleet, TimeSpan wait)
    {
        if (wait < TimeSpan.Zero) wait = TimeSpan.Zero;
        // Pauses within the interval are Server::Starter's own and go without saying.
        if (wait > policy.Look) yield return new Log(Messages.NextAttemptIn(wait));
        yield return new SetTimer(new RetryDue(fleet.LastNumber + 1), wait);
    }

    /// <summary>A HUP begins a series of its own; whoever waited for the one before learns that it has come to nothing.</summary>
    private static IEnumerable<SupervisorAction> Supersede(Goal goal) => goal.Request == 0
        ? []
        : [new Tell(new DeployEnded(goal.Request, DeployOutcome.CandidateFailed, Messages.Superseded))];
}
