using StartServer.Generations;
using StartServer.Supervision;

namespace StartServer.Upgrade;

/// <summary>The supervisor's own records as fields of a snapshot. Only states that <see cref="MayBeTakenOver"/> occur.</summary>
internal static class SupervisionRecords
{
    /// <summary>
    /// A generation serves, and no candidate is being judged: everything there is to know is in the records. (A candidate has a look
    /// that has begun, a launch, a caller who waits for it; its verdict is waited for.)
    /// </summary>
    internal static bool MayBeTakenOver(SupervisorState state) => state is Serving or StartDue && ((Running)state).Fleet.Current is not null;

    internal static SupervisionSnapshot Supervision(Fields f, SupervisionSnapshot? given) => new(
        f.Time("now", given?.Now),
        f.Record("state", given?.State, State),
        f.List("process", given?.Generations, Process),
        f.List("timer", given?.Timers, Timer));

    private static KeptGeneration Process(Fields f, KeptGeneration? given) => new(
        f.Number("generation", given?.Number),
        f.Number("pid", given?.Pid),
        f.Time("age", given?.Age),
        f.Descriptor("notify-fd", given?.NotifySocket),
        f.Text("notify-address", given?.NotifyAddress),
        f.Record("release", given?.Release, ReleaseOf),
        f.Optional("reason", given?.Reason),
        f.Flag("unchanged", given?.IsUnchanged));

    private static ServedRelease ReleaseOf(Fields f, ServedRelease? given) => new(
        f.Record("origin", given?.Origin, OriginOf), f.Optional("reported", given?.Reported), f.Text("files", given?.Files));

    // Words and paths may hold bytes that are not UTF-8.
    private static Origin OriginOf(Fields f, Origin? given) => new()
    {
        Words = Decoded(f.Texts("words", Encoded(given?.Words))),
        Directory = f.Optional("directory", given?.Directory),
        RealDirectory = f.Text("real-directory", given?.RealDirectory),
        RealPaths = f.Texts("real-paths", given?.RealPaths),
    };

    private static IReadOnlyList<string>? Encoded(IReadOnlyList<string>? words) => words is null ? null : [.. words.Select(word => CommandWords.Encode([word]))];

    private static IReadOnlyList<string> Decoded(IReadOnlyList<string> words) => [.. words.Select(word => CommandWords.Decode(word)[0])];

    private static SupervisorState State(Fields f, SupervisorState? given) => f.Text("is", given?.GetType().Name) switch
    {
        nameof(Serving) => new Serving(f.Record("fleet", (given as Running)?.Fleet, FleetOf)),
        nameof(StartDue) => new StartDue(f.Record("fleet", (given as Running)?.Fleet, FleetOf), f.Record("goal", (given as StartDue)?.Goal, GoalOf)),
        var other => throw new SnapshotException($"the state '{other}' cannot be taken over"),
    };

    private static Fleet FleetOf(Fields f, Fleet? given) => new()
    {
        Current = f.Optional("current", given?.Current, GenerationOf),
        Since = f.Time("since", given?.Since),
        Crashes = f.Number("crashes", given?.Crashes),
        Old = f.List("old", given?.Old, GenerationOf),
        Told = f.Numbers("told", given?.Told),
        Lingering = f.List("lingering", given?.Lingering, LingeringOf),
        Discarded = f.List("discarded", given?.Discarded, GenerationOf),
        Probation = f.Optional("probation", given?.Probation, ProbationOf),
        RenewedAt = f.Time("renewed-at", given?.RenewedAt),
        Unfinished = f.List("unfinished", given?.Unfinished, UnfinishedOf),
        LastNumber = f.Number("last-number", given?.LastNumber),
        ListenersSince = f.Optional("listeners-since", given?.ListenersSince),
        Restarts = f.Number("restarts", given?.Restarts),
        LastFailure = f.Optional("last-failure", given?.LastFailure),
    };

    private static LingeringGeneration LingeringOf(Fields f, LingeringGeneration? given) => new(
        f.Number("generation", given?.Generation), f.Number("connections", given?.Connections));

    private static Probation ProbationOf(Fields f, Probation? given) => new(
        f.Record("previous", given?.Previous, GenerationOf), f.Time("previous-since", given?.PreviousSince), f.Long("request", given?.Request));

    private static UnfinishedDeploy UnfinishedOf(Fields f, UnfinishedDeploy? given) => new(
        f.Long("request", given?.Request), f.Record("generation", given?.Generation, GenerationOf));

    private static Goal GoalOf(Fields f, Goal? given) => new(
        f.Flag("replaces", given?.Replaces), f.Number("failures", given?.Failures), f.Optional("attempts", given?.Attempts), f.Long("request", given?.Request),
        f.Optional("pending", given?.Pending, GoalOf));

    private static Generation GenerationOf(Fields f, Generation? given) => new(f.Number("number", given?.Number), f.Number("pid", given?.Pid));

    private static RunningTimer Timer(Fields f, RunningTimer? given)
    {
        var kind = f.Text("is", given?.Event.GetType().Name);
        var generation = f.Number("generation", given?.Event.Generation);
        return new RunningTimer(EventOf(kind, generation), f.Time("remaining", given?.Remaining));
    }

    private static TimerEvent EventOf(string kind, int generation) => kind switch
    {
        nameof(RetryDue) => new RetryDue(generation),
        nameof(LookOver) => new LookOver(generation),
        nameof(ReadyOverdue) => new ReadyOverdue(generation),
        nameof(GraceOver) => new GraceOver(generation),
        nameof(ProbeDue) => new ProbeDue(generation),
        nameof(OldDue) => new OldDue(generation),
        nameof(DrainOverdue) => new DrainOverdue(generation),
        nameof(WatchOver) => new WatchOver(generation),
        nameof(AutoRestartDue) => new AutoRestartDue(generation),
        nameof(StopOverdue) => new StopOverdue(),
        _ => throw new SnapshotException($"the timer '{kind}' is unknown"),
    };
}
