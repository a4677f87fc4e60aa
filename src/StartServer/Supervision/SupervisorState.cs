namespace StartServer.Supervision;

/// <summary>What the supervisor is doing; each state has only the data it needs.</summary>
internal abstract record SupervisorState;

/// <summary>Any state in which the service is meant to go on.</summary>
internal abstract record Running(Fleet Fleet) : SupervisorState;

/// <summary>A generation serves and no start is under way. It may still be on probation (<see cref="Fleet.Probation"/>).</summary>
internal sealed record Serving(Fleet Fleet) : Running(Fleet);

/// <summary>What a series of attempts is for.</summary>
/// <param name="Replaces">A deploy: old generations get their signal when it succeeds. Otherwise it is the first start, or fills a gap.</param>
/// <param name="Failures">Attempts of this series that have failed.</param>
/// <param name="Attempts">How many may; 0 for any number, null for as many as <c>--max-start-attempts</c> says.</param>
/// <param name="Request">Who waits for the end of the deploy; 0 for nobody.</param>
/// <param name="Pending">A deploy that goes on once this gap is filled: the generation that served died while its candidates failed.</param>
internal sealed record Goal(bool Replaces, int Failures, int? Attempts = null, long Request = 0, Goal? Pending = null);

/// <summary>The next attempt is about to be made, or waits for its time after a failure. A current generation, if any, serves on.</summary>
internal sealed record StartDue(Fleet Fleet, Goal Goal) : Running(Fleet);

/// <summary>A candidate runs. A current generation, if any, serves on.</summary>
/// <param name="Candidate">The new generation, not yet accepted.</param>
/// <param name="StartedAt">When it was started.</param>
internal abstract record Trying(Fleet Fleet, Goal Goal, Generation Candidate, TimeSpan StartedAt) : Running(Fleet);

/// <summary>
/// The candidate has said nothing yet: alive when the interval is over, it is taken as started, as Server::Starter does. The interval
/// begins when the program is executed, so that on a machine too busy to get that far a missing program is not taken for a good one.
/// </summary>
internal sealed record Watching(Fleet Fleet, Goal Goal, Generation Candidate, TimeSpan StartedAt)
    : Trying(Fleet, Goal, Candidate, StartedAt);

/// <summary>The candidate speaks sd_notify, or must (<c>--ready=notify</c>): it is taken as started with READY=1 and not before.</summary>
internal sealed record Awaiting(Fleet Fleet, Goal Goal, Generation Candidate, TimeSpan StartedAt)
    : Trying(Fleet, Goal, Candidate, StartedAt);

/// <summary>The candidate counts as started, but is accepted only when its probe is answered (<c>--ready-probe</c>).</summary>
/// <param name="Complaint">Why the last probe was not; null before the first.</param>
internal sealed record Probing(Fleet Fleet, Goal Goal, Generation Candidate, TimeSpan StartedAt, string? Complaint)
    : Trying(Fleet, Goal, Candidate, StartedAt);

/// <summary>The candidate was not ready in time and has been told to stop.</summary>
/// <param name="Reason">What it has failed at, for people.</param>
internal sealed record Rejecting(Fleet Fleet, Goal Goal, Generation Candidate, TimeSpan StartedAt, string Reason)
    : Trying(Fleet, Goal, Candidate, StartedAt);

/// <summary>All have been told to stop.</summary>
/// <param name="Remaining">Who has not ended yet.</param>
/// <param name="Signal">What they were sent last.</param>
/// <param name="Requests">How often we were asked.</param>
/// <param name="LastRequest">When we were last asked.</param>
/// <param name="GaveUp">Nobody asked: no generation could be started within the attempts allowed.</param>
internal sealed record Stopping(IReadOnlyList<Generation> Remaining, ChosenSignal Signal, int Requests, TimeSpan LastRequest, bool GaveUp = false) : SupervisorState
{
    /// <summary>Those of them that were never accepted: the status file must not show them as if they served.</summary>
    internal IReadOnlyList<Generation> Unaccepted { get; init; } = [];
}

/// <summary>Nobody is left.</summary>
internal sealed record Stopped(bool GaveUp = false) : SupervisorState;
