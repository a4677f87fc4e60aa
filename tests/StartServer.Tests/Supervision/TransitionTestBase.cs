using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

/// <summary>
/// A machine at rest: generation 1 (pid 101) and 2 (pid 102) are old, 3 (pid 103) is current since second 0, 4 (pid 104) is the
/// candidate, started at second 100. Interval 2 s, ready timeout 60 s.
/// </summary>
public abstract class TransitionTestBase
{
    internal static readonly SupervisionPolicy Policy = new() { Interval = TimeSpan.FromSeconds(2) };
    internal static readonly Generation First = new(1, 101), Second = new(2, 102), Current = new(3, 103), Candidate = new(4, 104);
    internal static readonly Fleet Fleet = new() { Current = Current, Old = [First, Second], Told = [1, 2], LastNumber = 3 };
    internal static readonly Fleet Tried = Fleet with { LastNumber = 4 };
    internal static readonly Goal Replacement = new(Replaces: true, Failures: 0);
    internal static readonly Goal Gap = new(Replaces: false, Failures: 0);

    internal static readonly Serving Serving = new(Fleet);
    /// <summary>Generation 4 has taken over at second 100 and is watched; 3 stands by.</summary>
    internal static readonly Serving OnProbation = new(Tried with
    {
        Current = Candidate,
        Since = Seconds(100),
        RenewedAt = Seconds(100),
        Old = [First, Second, Current],
        Probation = new Probation(Current, PreviousSince: TimeSpan.Zero, Request: 0),
        Unfinished = [new UnfinishedDeploy(0, Candidate)],
    });
    internal static readonly StartDue Pausing = new(Tried, Replacement with { Failures = 3 });
    internal static readonly Watching Watching = new(Tried, Replacement, Candidate, Seconds(100));
    internal static readonly Awaiting Awaiting = new(Tried, Replacement, Candidate, Seconds(100));
    internal static readonly Probing Probing = new(Tried, Replacement, Candidate, Seconds(100), Complaint: null);
    internal static readonly Rejecting Rejecting = new(Tried, Replacement, Candidate, Seconds(100), "was not ready within 60 s");
    internal static readonly Stopping Stopping = new([First, Current], ChosenSignal.Term, Requests: 1, Seconds(100));

    internal static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    internal static ChildExit Code(int code) => new(code << 8);

    internal static Step Next(SupervisorState state, SupervisorEvent happened, double at = 101, SupervisionPolicy? policy = null) =>
        new Transitions(policy ?? Policy).Next(state, happened, Seconds(at));

    internal static string[] Lines(Step step) => [.. step.Actions.OfType<Log>().Select(log => log.Line)];

    internal static News[] NewsOf(Step step) => [.. step.Actions.OfType<Tell>().Select(tell => tell.News)];

    internal static T Only<T>(Step step) where T : SupervisorAction => Assert.Single(step.Actions.OfType<T>());

    internal static T To<T>(Step step) where T : SupervisorState => Assert.IsType<T>(step.State);

    internal static void NothingHappens(SupervisorState state, SupervisorEvent happened)
    {
        var step = Next(state, happened);
        Assert.Same(state, step.State);
        Assert.Empty(step.Actions);
    }
}
