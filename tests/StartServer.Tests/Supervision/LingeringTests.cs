using StarletNet.Shared.Contract;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

/// <summary>Old generations that stay for long-lived connections.</summary>
public sealed class LingeringTests : TransitionTestBase
{
    /// <summary>Generation 3 serves, 1 and 2 drain, and a client waits for the end of its deploy.</summary>
    private static readonly Serving Deployed = new(Fleet with { Unfinished = [new UnfinishedDeploy(9, Current)] });

    [Fact]
    public void A_deploy_tells_old_generations_that_they_are_replaced_and_a_stop_that_it_is_one()
    {
        var accepted = Next(new Watching(Fleet with { Old = [], Told = [], LastNumber = 4 }, Replacement, Candidate, Seconds(100)), new LookOver(4));
        Assert.Equal((SignalMeaning.Replaced, Current), (Only<Send>(accepted).Meaning, Assert.Single(Only<Send>(accepted).Generations)));
        Assert.Equal(SignalMeaning.Stop, Only<Send>(Next(Serving, new StopRequested(Signal.Term))).Meaning);
        Assert.Equal(SignalMeaning.Stop, Only<Send>(Next(Awaiting, new ReadyOverdue(4))).Meaning);
    }

    [Fact]
    public void A_deploy_is_done_when_only_lingering_generations_are_left_and_says_how_many_connections_stay()
    {
        var first = Next(Deployed, new Lingers(1, 2));
        Assert.Equal([new GenerationLingers(First, 2)], NewsOf(first));
        Assert.Equal(["old worker 101 has nothing left but 2 long-lived connections, which may stay (--drain-websockets)"], Lines(first));
        var second = Next(first.State, new Lingers(2, 1));
        Assert.Equal([new GenerationLingers(Second, 1), new DeployEnded(9, DeployOutcome.Done, "generation 3 serves", Lingering: 3) { Serves = Current }], NewsOf(second));
        Assert.Empty(To<Serving>(second).Fleet.Unfinished);
    }

    [Fact]
    public void One_that_still_drains_is_waited_for()
    {
        var step = Next(Next(Deployed, new Lingers(1, 2)).State, new Died(102, Code(0)));
        Assert.Equal([new GenerationEnded(Second, Code(0)), new DeployEnded(9, DeployOutcome.Done, "generation 3 serves", Lingering: 2) { Serves = Current }], NewsOf(step));
    }

    [Fact]
    public void A_number_that_changes_is_not_told_again_and_none_means_draining()
    {
        var lingering = Next(Serving, new Lingers(1, 2)).State;
        Assert.Equal([(1, Role.Lingering, 2), (2, Role.Draining, 0), (3, Role.Current, 0)], Listed(lingering));
        var fewer = Next(lingering, new Lingers(1, 1));
        Assert.Empty(fewer.Actions);
        Assert.Equal((1, Role.Lingering, 1), Listed(fewer.State)[0]);
        Assert.Equal((1, Role.Draining, 0), Listed(Next(fewer.State, new Lingers(1, 0)).State)[0]);
        Assert.Empty(To<Serving>(Next(fewer.State, new Died(101, Code(0)))).Fleet.Lingering);
    }

    [Fact]
    public void Only_one_that_was_told_to_go_can_linger()
    {
        NothingHappens(Serving, new Lingers(3, 1));
        NothingHappens(Serving, new Lingers(99, 1));
        NothingHappens(Watching, new Lingers(4, 1));
        NothingHappens(new Serving(Fleet with { Told = [1] }), new Lingers(2, 1));
    }

    [Fact]
    public void One_that_lingers_during_a_stop_has_missed_it_and_is_told_again()
    {
        var step = Next(Stopping, new Lingers(1, 2));
        Assert.Same(Stopping, step.State);
        var send = Only<Send>(step);
        Assert.Equal((ChosenSignal.Term, SignalMeaning.Stop, First), (send.Signal, send.Meaning, Assert.Single(send.Generations)));
        NothingHappens(Stopping, new Lingers(1, 0));
        NothingHappens(Stopping, new Lingers(2, 1));
    }

    [Fact]
    public void The_bounds_of_old_generations_hold_for_lingering_ones()
    {
        var lingering = (Serving)Next(Serving, new Lingers(1, 2)).State;
        Assert.Equal((ChosenSignal.Kill, First), Killed(Next(lingering, new DrainOverdue(1))));
        Assert.Equal((ChosenSignal.Kill, First), Killed(Next(lingering, new RestartRequested(), policy: Policy with { MaxOldGenerations = 2 })));

        static (ChosenSignal Signal, Generation Generation) Killed(Step step) => (Only<Send>(step).Signal, Assert.Single(Only<Send>(step).Generations));
    }

    [Theory]
    [InlineData("X_STARLETNET_LINGERING=3\nSTATUS=x", 3)]
    [InlineData("X_STARLETNET_LINGERING=0", 0)]
    [InlineData("X_STARLETNET_LINGERING=-3", null)]
    [InlineData("X_STARLETNET_LINGERING=99999999999", null)]
    [InlineData("STATUS=x", null)]
    public void The_number_is_in_the_notification(string text, int? expected) =>
        Assert.Equal(expected, Lingering.ConnectionsIn(new NotifyMessage(text, 1, 0)));

    private static (int Number, Role Role, int Connections)[] Listed(SupervisorState state) =>
        [.. Roster.Of(state, _ => default).Generations.Select(line => (line.Generation.Number, line.Role, line.Connections))];
}
