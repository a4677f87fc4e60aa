using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

/// <summary>When listeners that a new command line does not name are closed.</summary>
public sealed class RemovedListenersTests : TransitionTestBase
{
    private static T Changed<T>(T state, int since = 4)
        where T : Running => state with { Fleet = state.Fleet with { ListenersSince = since } };

    private static bool Releases(Step step) => step.Actions.OfType<ReleaseListeners>().Any();

    [Fact]
    public void The_next_generation_is_the_first_that_has_the_new_ones()
    {
        var step = Next(Serving, new CommandLineChanged(Back: false));
        Assert.Equal(4, To<Serving>(step).Fleet.ListenersSince);
        Assert.False(Releases(step));
        // A candidate that was started before it has the old ones.
        Assert.Equal(5, To<Watching>(Next(Watching, new CommandLineChanged(Back: false))).Fleet.ListenersSince);
    }

    [Fact]
    public void They_are_closed_before_the_old_generation_is_told_to_go()
    {
        var step = Next(Changed(Watching), new Ready(4));
        Assert.IsType<ReleaseListeners>(step.Actions[0]);
        Assert.Null(To<Serving>(step).Fleet.ListenersSince);
    }

    [Fact]
    public void During_a_kill_old_delay_and_a_watch_they_stay()
    {
        var policy = Policy with { KillOldDelay = Seconds(3), Watch = Seconds(9) };
        var watched = Next(Changed(Watching), new Ready(4), policy: policy);
        Assert.False(Releases(watched));
        var delayed = Next(watched.State, new WatchOver(4), policy: policy);
        Assert.False(Releases(delayed));
        Assert.IsType<ReleaseListeners>(Next(delayed.State, new OldDue(4), policy: policy).Actions[0]);
    }

    [Fact]
    public void A_candidate_that_fails_closes_none_nor_does_a_rollback()
    {
        Assert.False(Releases(Next(Changed(Watching), new Died(104, Code(1)))));
        Assert.False(Releases(Next(Changed(OnProbation), new Died(104, Code(1)))));
    }

    [Fact]
    public void Where_nobody_is_left_who_has_them_they_are_closed_at_the_acceptance()
    {
        var crashed = Next(Changed(Watching), new Died(103, Code(1)));
        Assert.False(Releases(crashed));
        Assert.True(Releases(Next(crashed.State, new Ready(4))));
    }

    [Fact]
    public void When_the_former_ones_are_back_those_are_closed_that_nobody_has_any_more() =>
        Assert.True(Releases(Next(Changed(Serving), new CommandLineChanged(Back: true))));
}
