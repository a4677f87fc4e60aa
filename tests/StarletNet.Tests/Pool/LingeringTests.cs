using StarletNet.Master.Pool;
using StarletNet.Shared.Contract;
using WorkerPhase = StarletNet.Master.Pool.WorkerPhase;

namespace StarletNet.Master.Tests.Pool;

/// <summary><c>--drain-websockets</c> (10 minutes in these tests): a deploy lingers, a stop does not.</summary>
public sealed class LingeringTests
{
    private static readonly TimeSpan Stay = TimeSpan.FromMinutes(10);

    private static PoolDriver Pool(int workers = 2, bool superdaemon = true, Func<PoolSettings, PoolSettings>? change = null) => new PoolDriver(workers,
        s => (change ?? (same => same))(s with { DrainWebSockets = Stay, UnderSuperdaemon = superdaemon })).Up();

    private static PoolDriver Replaced(PoolDriver pool, StopCause cause = StopCause.Term) => pool.Say(new PoolEvent.StopAsked(cause, SignalMeaning.Replaced));

    private static (int Id, TimeSpan Stay)[] Drains(PoolDriver pool) => [.. pool.Last.OfType<PoolAction.Drain>().Select(drain => (drain.Id, drain.Stay))];

    private static int[] Announced(PoolDriver pool) => [.. pool.Last.OfType<PoolAction.AnnounceLingering>().Select(action => action.Connections)];

    [Theory]
    [InlineData(StopCause.Term)]
    [InlineData(StopCause.Quit)]
    [InlineData(StopCause.Usr1)]
    internal void Workers_of_a_generation_that_was_replaced_may_keep_upgraded_connections(StopCause cause)
    {
        var pool = Replaced(Pool(), cause);
        Assert.Equal([(1, Stay), (2, Stay)], Drains(pool));
        Assert.DoesNotContain(pool.Last, action => action is PoolAction.FailHealth);
        // The stay, then the graceful timeout, then five seconds.
        Assert.Equal(Stay + TimeSpan.FromSeconds(35), pool.Due(new PoolEvent.DrainTimedOut(1)));
    }

    [Theory]
    [InlineData(SignalMeaning.None)]
    [InlineData(SignalMeaning.Stop)]
    [InlineData((SignalMeaning)7)]
    internal void Workers_of_a_service_that_stops_may_not(SignalMeaning meaning)
    {
        var pool = Pool().Say(new PoolEvent.StopAsked(StopCause.Term, meaning));
        Assert.Equal([(1, TimeSpan.Zero), (2, TimeSpan.Zero)], Drains(pool));
        Assert.Contains(pool.Last, action => action is PoolAction.FailHealth);
        Assert.Equal(TimeSpan.FromSeconds(35), pool.Due(new PoolEvent.DrainTimedOut(1)));
    }

    [Fact]
    public void In_stages_each_one_may()
    {
        var pool = new PoolDriver(2, s => s with { DrainWebSockets = Stay, UnderSuperdaemon = true, SpawnInterval = TimeSpan.FromSeconds(1) }).Begin().Ready(1).Pass(1).Ready(2);
        Assert.Equal([(1, Stay)], Drains(Replaced(pool, StopCause.Usr1)));
        pool.Pass(1);
        Assert.Equal([(1, Stay), (2, Stay)], pool.All.OfType<PoolAction.Drain>().Select(drain => (drain.Id, drain.Stay)));
    }

    [Fact]
    public void A_restart_of_our_own_is_a_deploy_too_and_a_stop_ends_the_stay()
    {
        var pool = Pool(workers: 1, superdaemon: false).Hup().Ready(2);
        Assert.Equal([(1, Stay)], Drains(pool));
        pool.Say(new PoolEvent.WorkerLingers(1, 3)).Stop();
        Assert.Equal([(1, TimeSpan.Zero), (2, TimeSpan.Zero)], Drains(pool));
        Assert.Equal(pool.Now + TimeSpan.FromSeconds(35), pool.Due(new PoolEvent.DrainTimedOut(1)));
    }

    [Theory]
    [InlineData(RetireReason.Requests, true)]
    [InlineData(RetireReason.Age, true)]
    [InlineData(RetireReason.Memory, false)]
    [InlineData(RetireReason.Harakiri, false)]
    [InlineData(RetireReason.Overdue, false)]
    internal void A_worker_that_is_replaced_for_its_age_may_and_one_that_is_to_end_for_its_own_sake_may_not(RetireReason reason, bool stays)
    {
        var pool = Pool(workers: 1).Say(new PoolEvent.RetireAsked(1, reason)).Ready(2);
        Assert.Equal([(1, stays ? Stay : TimeSpan.Zero)], Drains(pool));
    }

    [Fact]
    public void The_number_is_announced_once_every_worker_has_nothing_else_left()
    {
        var pool = Replaced(Pool());
        Assert.Empty(Announced(pool.Say(new PoolEvent.WorkerLingers(1, 2))));
        Assert.Equal([5], Announced(pool.Say(new PoolEvent.WorkerLingers(2, 3))));
        Assert.Contains(new PoolNotice.Lingers(5), pool.Told);
        Assert.Empty(Announced(pool.Say(new PoolEvent.WorkerLingers(2, 3))));
        Assert.Equal([2], Announced(pool.Exit(2)));
        Assert.DoesNotContain(pool.Told, notice => notice is PoolNotice.Lingers);
        Assert.Equal([0], Announced(pool.Say(new PoolEvent.WorkerLingers(1, 0))));
        Assert.Equal(0, pool.Exit(1).Ended);
    }

    [Fact]
    public void Without_connections_that_stay_nothing_is_announced()
    {
        var pool = Replaced(Pool());
        pool.Exit(1).Exit(2);
        Assert.DoesNotContain(pool.All, action => action is PoolAction.AnnounceLingering);
        Assert.Equal(0, pool.Ended);
    }

    [Fact]
    public void A_further_deploy_changes_nothing_for_one_that_lingers()
    {
        var pool = Replaced(Pool().Pass(100));
        pool.Pass(5);
        Assert.Empty(Replaced(pool).Last);
        Assert.True(((PoolState.Stopping)pool.State).Stays);
    }

    [Theory]
    [InlineData(StopCause.Term)]
    [InlineData(StopCause.Int)]
    [InlineData(StopCause.SuperdaemonGone)]
    internal void A_stop_ends_it_however_soon_it_comes(StopCause cause)
    {
        var pool = Replaced(Pool()).Say(new PoolEvent.WorkerLingers(1, 2)).Say(new PoolEvent.StopAsked(cause, SignalMeaning.Stop));
        Assert.Equal([(1, TimeSpan.Zero), (2, TimeSpan.Zero)], Drains(pool));
        Assert.Contains(pool.Last, action => action is PoolAction.FailHealth);
        Assert.Equal([new PoolNotice.LingeringEnds(cause)], pool.Told);
        Assert.Equal(TimeSpan.FromSeconds(35), pool.Due(new PoolEvent.DrainTimedOut(1)));
        Assert.Empty(Announced(pool.Say(new PoolEvent.WorkerLingers(2, 1))));
    }

    [Fact]
    public void A_stop_ends_the_stages_of_a_deploy_too()
    {
        var pool = new PoolDriver(2, s => s with { DrainWebSockets = Stay, UnderSuperdaemon = true, SpawnInterval = TimeSpan.FromSeconds(1) }).Begin().Ready(1).Pass(1).Ready(2);
        Replaced(pool, StopCause.Usr1).Stop();
        Assert.Equal([(2, TimeSpan.Zero), (1, TimeSpan.Zero)], Drains(pool));
        Assert.Null(pool.Due(new PoolEvent.RetireDue()));
    }

    [Fact]
    public void Where_TERM_is_fast_nothing_stays()
    {
        var pool = Replaced(Pool(change: s => s with { StopsFast = true }));
        Assert.Equal([1, 2], pool.Aborted);
        Assert.All(Drains(pool), drain => Assert.Equal(TimeSpan.Zero, drain.Stay));
    }

    [Fact]
    public void Workers_that_linger_do_not_hold_up_the_next_restart()
    {
        var pool = Pool(workers: 1).Hup().Ready(2).Hup();
        Assert.Equal([(1, 0, 1), (2, 0, 2)], pool.Started);
        pool.Say(new PoolEvent.WorkerLingers(1, 2));
        Assert.Equal((3, 0, 3), pool.Started[^1]);
    }

    [Fact]
    public void Without_the_option_a_deploy_is_a_drain_as_ever()
    {
        var pool = Replaced(new PoolDriver(1, s => s with { UnderSuperdaemon = true }).Up());
        Assert.Equal([(1, TimeSpan.Zero)], Drains(pool));
        Assert.False(((PoolState.Stopping)pool.State).Stays);
        Assert.All(pool.State.Set.Workers, worker => Assert.Equal(WorkerPhase.Draining, worker.Phase));
    }
}
