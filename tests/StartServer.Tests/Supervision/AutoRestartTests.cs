using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

public sealed class AutoRestartTests : TransitionTestBase
{
    private static readonly SupervisionPolicy Automatic = Policy with { AutoRestart = true, AutoRestartInterval = Seconds(360) };
    private static readonly Serving Alone = new(Fleet with { Old = [], Told = [] });

    [Fact]
    public void It_comes_an_interval_after_an_acceptance()
    {
        var accepted = Next(Watching with { Fleet = Tried with { Current = null, Old = [], Told = [] } }, new Ready(4), at: 101, policy: Automatic);
        Assert.Equal(new SetTimer(new AutoRestartDue(4), Seconds(360)), accepted.Actions[^1]);
        NothingElse(Next(accepted.State, new AutoRestartDue(4), at: 460.9, policy: Automatic), new SetTimer(new AutoRestartDue(4), Seconds(0.1)));
        var due = Next(accepted.State, new AutoRestartDue(4), at: 461, policy: Automatic);
        Assert.Equal(["autorestart triggered (interval=360)"], Lines(due));
        Assert.Equal(new Spawn(5), due.Actions[^1]);
        Assert.Equal(Replacement, To<StartDue>(due).Goal);
    }

    [Fact]
    public void While_old_ones_linger_it_waits_for_twice_the_interval_and_is_then_forced()
    {
        NothingElse(Next(Serving, new AutoRestartDue(3), at: 360, policy: Automatic), new SetTimer(new AutoRestartDue(3), Seconds(360)));
        Assert.Equal(["autorestart triggered (forced, interval=360)"], Lines(Next(Serving, new AutoRestartDue(3), at: 720, policy: Automatic)));
    }

    [Fact]
    public void When_the_last_old_one_ends_after_the_interval_it_comes_at_once()
    {
        var oneLeft = new Serving(Fleet with { Old = [First], Told = [1] });
        var step = Next(oneLeft, new Died(101, Code(0)), at: 500, policy: Automatic);
        Assert.Equal("autorestart triggered (interval=360)", Lines(step)[^1]);
        Assert.Equal(new Spawn(4), step.Actions[^1]);
    }

    [Fact]
    public void A_deploy_that_comes_to_nothing_puts_it_off_by_an_interval()
    {
        var step = Next(Watching with { Goal = Replacement with { Attempts = 1 }, Fleet = Tried with { Old = [], Told = [] } }, new Died(104, Code(1)), at: 1000, policy: Automatic);
        Assert.Equal(new SetTimer(new AutoRestartDue(3), Seconds(360)), step.Actions[^1]);
    }

    [Fact]
    public void During_a_start_and_during_a_watch_it_is_not_asked_for()
    {
        foreach (SupervisorState state in new SupervisorState[] { Pausing, Watching, Awaiting, Probing, Rejecting, OnProbation })
        {
            var step = Next(state, new AutoRestartDue(3), at: 9999, policy: Automatic);
            Assert.Same(state, step.State);
            Assert.Empty(step.Actions);
        }
        // The end of the watch asks for it.
        Assert.Contains(Next(OnProbation, new WatchOver(4), at: 110, policy: Automatic).Actions, action => action is SetTimer { Event: AutoRestartDue });
    }

    [Fact]
    public void Switched_on_later_it_counts_from_the_last_start_and_switched_off_it_does_not_come()
    {
        Assert.Equal([new SetTimer(new AutoRestartDue(3), Seconds(260))], Next(Alone, new PolicyChanged(), at: 100, policy: Automatic).Actions);
        Assert.Equal(new Spawn(4), Next(Alone, new PolicyChanged(), at: 400, policy: Automatic).Actions[^1]);
        NothingHappens(Alone, new AutoRestartDue(3));
        NothingHappens(Alone, new PolicyChanged());
    }

    private static void NothingElse(Step step, SupervisorAction action) => Assert.Equal([action], step.Actions);
}
