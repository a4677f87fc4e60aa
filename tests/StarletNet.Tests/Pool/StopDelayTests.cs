using StarletNet.Master.Pool;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Tests.Pool;

/// <summary><c>--stop-delay</c> (10 s in these tests): the service goes on, and its health answer says that it stops.</summary>
public sealed class StopDelayTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(10);

    private static PoolDriver Pool(int workers = 1, bool superdaemon = false, Func<PoolSettings, PoolSettings>? change = null) =>
        new(workers, s => (change ?? (same => same))(s with { StopDelay = Delay, UnderSuperdaemon = superdaemon }));

    [Theory]
    [InlineData(StopCause.Term)]
    [InlineData(StopCause.Quit)]
    [InlineData(StopCause.Usr1)]
    internal void Workers_serve_for_so_long_and_then_drain(StopCause cause)
    {
        var pool = Pool(workers: 2).Up().Stop(cause);
        Assert.Equal([new PoolNotice.StopDelayed(cause, Delay)], pool.Told);
        Assert.Contains(pool.Last, action => action is PoolAction.FailHealth);
        pool.Pass(9.9);
        Assert.DoesNotContain(pool.All, action => action is PoolAction.Drain);
        pool.Pass(0.1);
        Assert.Equal([1, 2], pool.Drained);
        Assert.Equal(0, pool.Exit(1).Exit(2).Ended);
    }

    [Fact]
    public void A_worker_that_dies_meanwhile_is_replaced()
    {
        var pool = Pool().Up().Pass(20).Stop().Exit(1, 6);
        Assert.Equal(2, pool.Started.Count);
        Assert.Equal([(2, 0, 1)], pool.Ready(2).Serving);
        Assert.Equal([2], pool.Pass(10).Drained);
    }

    [Fact]
    public void A_second_stop_cuts_it_short()
    {
        var pool = Pool().Up().Stop().Pass(1).Stop();
        Assert.Equal([1], pool.Drained);
        Assert.Null(pool.Due(new PoolEvent.StopDelayOver()));
    }

    [Fact]
    public void One_stop_that_comes_twice_does_not()
    {
        var pool = Pool(superdaemon: true).Up().Stop().Say(new PoolEvent.StopAsked(StopCause.Term, SignalMeaning.Stop));
        Assert.Empty(pool.Last);
        // start_server has made one of a gesture already: its second request is one.
        var asked = Pool(superdaemon: true).Up().Say(new PoolEvent.StopAsked(StopCause.Term, SignalMeaning.Stop)).Say(new PoolEvent.StopAsked(StopCause.Term, SignalMeaning.Stop));
        Assert.Equal([1], asked.Drained);
    }

    [Fact]
    public void A_person_at_the_terminal_does_not_wait()
    {
        Assert.Equal([1], Pool().Up().Stop(StopCause.Int).Drained);
        Assert.Equal([1], Pool().Up().Stop().Stop(StopCause.Int).Drained);
    }

    [Fact]
    public void There_is_no_delay_without_a_superdaemon_after_a_deploy_before_it_served_or_where_a_stop_is_fast()
    {
        Assert.Equal([1], Pool().Up().Stop(StopCause.SuperdaemonGone).Drained);
        Assert.Equal([1], Pool(superdaemon: true).Up().Say(new PoolEvent.StopAsked(StopCause.Term, SignalMeaning.Replaced)).Drained);
        Assert.Equal([1], Pool().Begin().Stop().Drained);
        Assert.Equal([1], Pool(change: s => s with { StopsFast = true }).Up().Stop().Aborted);
    }

    [Fact]
    public void A_restart_is_ignored_and_one_that_is_under_way_is_over()
    {
        var pool = Pool().Up().Hup().Stop().Hup();
        Assert.Equal([new PoolNotice.RestartIgnored()], pool.Told);
        Assert.IsType<PoolState.Leaving>(pool.State);
        pool.Pass(10);
        Assert.Equal([1, 2], pool.Drained);
    }
}
