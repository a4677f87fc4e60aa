using System.Diagnostics;
using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

/// <summary>No pair of state and event is left to chance: each is decided, or is named here as one that cannot happen.</summary>
public sealed class EveryPairTests : TransitionTestBase
{
    private static readonly SupervisorState[] States =
        [Transitions.Begin, Serving, OnProbation, Pausing, Watching, Awaiting, Probing, Rejecting, Stopping, new Stopped(),
        new Serving(Fleet with { Discarded = [Candidate] }), new StartDue(Tried with { Current = null, Restarts = 1 }, Gap with { Pending = Replacement with { Request = 7 } })];

    private static readonly SupervisorEvent[] Events =
    [
        new RestartRequested(), new DeployRequested(7, 1), new DeployRequested(8, 1) { Waiting = [7] }, new AbortRequested(9), new StopRequested(Signal.Term), new StopRequested(Signal.Int), new StopRequested(Signal.Quit),
        new MeaninglessSignal(Signal.Usr2), new PolicyChanged(), new CommandLineChanged(Back: false), new CommandLineChanged(Back: true), new StopOverdue(), new Spawned(new Generation(5, 105)), new SpawnFailed("why"), new SpawnFailed("why", IsHopeless: true),
        .. new[] { 101, 103, 104, 999 }.Select(pid => new Died(pid, Code(1))),
        .. Enumerable.Range(1, 5).SelectMany(number => new SupervisorEvent[]
        {
            new Spoke(number), new Lingers(number, 0), new Lingers(number, 3), new Ready(number), new RetryDue(number), new LookOver(number), new ReadyOverdue(number),
            new GraceOver(number), new OldDue(number), new Executed(number), new DrainOverdue(number), new WatchOver(number),
            new AutoRestartDue(number), new ProbeDue(number), new Probed(number, ProbeOutcome.Answered, "200"),
            new Probed(number, ProbeOutcome.Failed, "connection refused"), new Probed(number, ProbeOutcome.Misdirected, "421"),
        }),
    ];

    [Fact]
    public void Every_kind_of_state_and_event_is_tried()
    {
        Assert.Equal(Leaves<SupervisorState>(), States.Select(state => state.GetType().Name).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(Leaves<SupervisorEvent>(), Events.Select(happened => happened.GetType().Name).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_pair_is_decided()
    {
        foreach (var state in States)
        {
            foreach (var happened in Events)
            {
                // The answer to Spawn comes at once, and only StartDue asks for it.
                var possible = state is StartDue || happened is not (Spawned or SpawnFailed);
                if (possible) Assert.NotNull(Next(state, happened));
                else Assert.Throws<UnreachableException>(() => Next(state, happened));
            }
        }
    }

    [Fact]
    public void A_spawn_is_always_the_last_action_because_its_answer_comes_at_once()
    {
        foreach (var state in States.Where(state => state is not Stopped))
        {
            foreach (var happened in Events.Where(happened => state is StartDue || happened is not (Spawned or SpawnFailed)))
                Assert.DoesNotContain(Next(state, happened).Actions.SkipLast(1), action => action is Spawn);
        }
    }

    private static IEnumerable<string> Leaves<T>() => typeof(T).Assembly.GetTypes()
        .Where(type => type.IsAssignableTo(typeof(T)) && !type.IsAbstract).Select(type => type.Name).Order(StringComparer.Ordinal);
}
