using StarletNet.Master.Pool;

namespace StarletNet.Master.Tests.Pool;

public sealed class StoppingTests
{
    [Theory]
    [InlineData(StopCause.Term)]
    [InlineData(StopCause.Int)]
    [InlineData(StopCause.Quit)]
    [InlineData(StopCause.Usr1)]
    [InlineData(StopCause.SuperdaemonGone)]
    internal void A_stop_drains_everybody_and_ends_with_0_when_the_last_has_left(StopCause cause)
    {
        var pool = new PoolDriver().Up();

        pool.Stop(cause);
        Assert.Equal([1, 2], pool.Drained);
        Assert.Empty(pool.Killed);
        pool.Exit(1);
        Assert.Null(pool.Ended);
        pool.Exit(2, 1);
        Assert.Equal(0, pool.Ended);
    }

    [Fact]
    public void Nobody_is_replaced_while_stopping()
    {
        var pool = new PoolDriver(workers: 3).Up().Stop();

        pool.Exit(1, 6).Pass(30);

        Assert.Equal(3, pool.Started.Count);
    }

    [Fact]
    public void A_worker_that_does_not_leave_is_killed_five_seconds_after_its_own_clock()
    {
        var pool = new PoolDriver(workers: 1).Up().Stop();

        pool.Pass(34.9);
        Assert.Empty(pool.All.OfType<PoolAction.Kill>());
        pool.Pass(0.1);
        Assert.Equal([1], pool.Killed);
    }

    [Fact]
    public void Without_a_graceful_timeout_nobody_is_killed()
    {
        var pool = new PoolDriver(workers: 1, s => s with { GracefulTimeout = TimeSpan.Zero }).Up().Stop();

        pool.Pass(100_000);

        Assert.Empty(pool.All.OfType<PoolAction.Kill>());
    }

    [Fact]
    public void The_second_term_is_handed_on_and_the_third_kills()
    {
        var pool = new PoolDriver().Up().Stop().Pass(3);

        pool.Stop();
        Assert.Equal([1, 2], pool.Last.OfType<PoolAction.Drain>().Select(drain => drain.Id));
        Assert.Empty(pool.Aborted);
        pool.Exit(1).Pass(1).Stop();
        Assert.Equal([2], pool.Killed);
        pool.Exit(2, 137);
        Assert.Equal(0, pool.Ended);
    }

    [Theory]
    [InlineData(StopCause.Int, StopCause.Int)]
    [InlineData(StopCause.Term, StopCause.Term, StopCause.Int)]
    internal void An_interrupt_on_top_cuts_and_what_comes_then_kills(params StopCause[] causes)
    {
        var pool = new PoolDriver().Up();

        foreach (var cause in causes) pool.Stop(cause).Pass(1);
        Assert.Equal([1, 2], pool.All.OfType<PoolAction.Abort>().Select(abort => abort.Id));
        pool.Stop(StopCause.Term);
        Assert.Equal([1, 2], pool.Killed);
    }

    [Fact]
    public void A_worker_that_ignores_the_abort_is_killed()
    {
        var pool = new PoolDriver(workers: 1).Up().Stop().Pass(3).Stop(StopCause.Int);

        pool.Pass(5);

        Assert.Equal([1], pool.Killed);
    }

    [Theory]
    [InlineData(StopCause.Int, StopCause.Term)]
    [InlineData(StopCause.Term, StopCause.Int)]
    internal void Int_and_term_within_a_second_are_one(StopCause first, StopCause second)
    {
        var pool = new PoolDriver().Up().Stop(first).Pass(0.9);

        pool.Stop(second);
        Assert.Empty(pool.Last);
        pool.Pass(0.1).Stop(second);
        Assert.Equal(second == StopCause.Int ? [1, 2] : [], pool.Aborted);
        Assert.Equal(second == StopCause.Int ? 0 : 2, pool.Last.OfType<PoolAction.Drain>().Count());
    }

    [Theory]
    [InlineData(StopCause.Term)]
    [InlineData(StopCause.Quit)]
    internal void The_same_signal_that_comes_by_two_ways_at_once_is_one(StopCause cause)
    {
        var pool = new PoolDriver().Up().Stop(cause).Pass(0.3);

        pool.Stop(cause);

        Assert.Empty(pool.Last);
    }

    [Fact]
    public void A_second_interrupt_at_the_terminal_counts_at_once()
    {
        var pool = new PoolDriver().Up().Stop(StopCause.Int).Pass(0.3).Stop(StopCause.Int);

        Assert.Equal([1, 2], pool.Aborted);
    }

    [Fact]
    public void Under_a_superdaemon_a_repeated_term_cuts_nothing_off_but_int_does()
    {
        var pool = new PoolDriver(workers: 2, s => s with { UnderSuperdaemon = true }).Up().Stop().Pass(10);

        pool.Stop().Pass(1).Stop(StopCause.Usr1).Stop(StopCause.Quit);
        Assert.Empty(pool.All.OfType<PoolAction.Abort>());
        pool.Stop(StopCause.Int);
        Assert.Equal([1, 2], pool.Aborted);
    }

    [Fact]
    public void The_death_of_the_superdaemon_does_not_hurry_a_stop()
    {
        var pool = new PoolDriver().Up().Stop().Pass(10);

        pool.Stop(StopCause.SuperdaemonGone);

        Assert.Empty(pool.Last);
    }

    [Fact]
    public void Hup_and_ttin_change_nothing_while_stopping()
    {
        var pool = new PoolDriver().Up().Stop();

        pool.Hup();
        Assert.Single(pool.Told.OfType<PoolNotice.RestartIgnored>());
        pool.Say(new PoolEvent.WorkersAsked(1)).Exit(1).Exit(2);
        Assert.Equal(2, pool.Started.Count);
        Assert.Equal(0, pool.Ended);
    }

    [Fact]
    public void A_worker_that_was_ready_a_moment_after_the_stop_gets_the_full_time()
    {
        var pool = new PoolDriver(workers: 1).Begin().Stop();
        Assert.Equal(TimeSpan.FromSeconds(5), pool.Due(new PoolEvent.DrainTimedOut(1)));

        pool.Ready(1);

        Assert.Equal(TimeSpan.FromSeconds(35), pool.Due(new PoolEvent.DrainTimedOut(1)));
    }

    [Fact]
    public void A_worker_that_drains_already_keeps_the_clock_it_has()
    {
        var pool = new PoolDriver().Up().Say(new PoolEvent.WorkerDraining(1)).Pass(10);

        pool.Stop();

        Assert.Equal([2, 3], pool.Drained);
        Assert.Equal(TimeSpan.FromSeconds(35), pool.Due(new PoolEvent.DrainTimedOut(1)));
    }

    [Fact]
    public void What_comes_after_the_end_is_ignored()
    {
        var pool = new PoolDriver(workers: 1).Up().Stop().Exit(1);

        pool.Hup().Stop().Ready(1).Say(new PoolEvent.WorkersAsked(1)).Begin();

        Assert.Empty(pool.Last);
        Assert.IsType<PoolState.Ended>(pool.State);
    }

    [Theory]
    [InlineData(StopCause.Term, true)]
    [InlineData(StopCause.Int, true)]
    [InlineData(StopCause.Quit, false)]
    [InlineData(StopCause.SuperdaemonGone, false)]
    internal void In_starmans_way_term_and_int_give_up_at_once(StopCause cause, bool isFast)
    {
        var pool = new PoolDriver(workers: 2, s => s with { StopsFast = true, GracefulTimeout = TimeSpan.Zero }).Up();

        pool.Stop(cause);

        Assert.Equal(isFast ? [1, 2] : Array.Empty<int>(), pool.Aborted);
        pool.Pass(5);
        Assert.Equal(isFast, pool.All.OfType<PoolAction.Kill>().Any());
    }
}
