using StarletNet.Master.Pool;

namespace StarletNet.Master.Tests.Pool;

/// <summary>USR1 with a spawn interval, as <c>start_server --signal-on-hup=USR1</c> uses it: Starlet's slow restart.</summary>
public sealed class SlowRestartTests
{
    private static PoolDriver Up(int workers = 5, double interval = 1, bool underSuperdaemon = true)
    {
        var pool = new PoolDriver(workers, s => s with { SpawnInterval = TimeSpan.FromSeconds(interval), UnderSuperdaemon = underSuperdaemon }).Begin();
        for (var id = 1; id <= workers; id++) pool.Ready(id).Pass(interval);
        return pool;
    }

    private static PoolDriver Usr1(PoolDriver pool) => pool.Stop(StopCause.Usr1);

    private static int Alive(PoolDriver pool)
    {
        // Idle workers leave as soon as they are told to.
        foreach (var worker in pool.State.Set.Workers.Where(worker => worker.Phase == WorkerPhase.Draining)) pool.Exit(worker.Id);
        return pool.State.Set.Workers.Length;
    }

    [Fact]
    public void Five_workers_start_one_a_second()
    {
        var pool = new PoolDriver(workers: 5, s => s with { SpawnInterval = TimeSpan.FromSeconds(1) }).Begin();
        for (var started = 1; started <= 5; started++, pool.Pass(1)) Assert.Equal(started, pool.Started.Count);
    }

    [Fact]
    public void And_leave_one_a_second_the_first_at_once_in_the_order_of_their_start()
    {
        var pool = Usr1(Up());
        Assert.Equal([1], pool.Drained);

        for (var left = 4; left > 0; left--, pool.Pass(1)) Assert.Equal(left, Alive(pool));

        Assert.Equal(0, Alive(pool));
        Assert.Equal([1, 2, 3, 4, 5], pool.All.OfType<PoolAction.Drain>().Select(drain => drain.Id));
        Assert.Equal(0, pool.Ended);
    }

    [Fact]
    public void The_master_is_there_four_seconds_after_the_signal()
    {
        var pool = Usr1(Up()).Pass(3.9);

        Assert.Equal(1, Alive(pool));
        Assert.Null(pool.Ended);
    }

    [Fact]
    public void A_worker_that_dies_meanwhile_is_not_replaced_and_costs_the_others_no_time()
    {
        var pool = Usr1(Up()).Exit(2, 6).Pass(1);

        Assert.Equal([3], pool.Drained);
        Assert.Equal(5, pool.Started.Count);
    }

    [Theory]
    [InlineData(StopCause.Term)]
    [InlineData(StopCause.Int)]
    [InlineData(StopCause.SuperdaemonGone)]
    internal void Another_stop_ends_the_stages_gracefully(StopCause cause)
    {
        var pool = Usr1(Up()).Stop(cause);

        Assert.Equal([2, 3, 4, 5], pool.Drained);
        Assert.Empty(pool.Aborted);
        Assert.Null(pool.Due(new PoolEvent.RetireDue()));
    }

    [Fact]
    public void The_same_signal_again_changes_nothing()
    {
        var pool = Usr1(Up(underSuperdaemon: false)).Pass(0.5);
        Usr1(pool);
        Assert.Empty(pool.Last);

        pool.Pass(0.5);
        Assert.Equal([2], pool.Drained);
    }

    [Fact]
    public void A_hup_comes_too_late() => Assert.Single(Usr1(Up()).Hup().Told.OfType<PoolNotice.RestartIgnored>());

    [Fact]
    public void Workers_that_have_not_served_yet_go_at_once()
    {
        var pool = Up(workers: 2);
        Usr1(pool.Say(new PoolEvent.WorkersAsked(1)));

        Assert.Equal([3, 1], pool.Drained);
    }

    [Fact]
    public void Without_an_interval_all_go_at_once()
    {
        var pool = new PoolDriver(workers: 3).Up();

        Assert.Equal([1, 2, 3], Usr1(pool).Drained);
    }

    [Fact]
    public void The_first_worker_makes_the_generation_ready_for_the_old_one_hands_over_one_by_one()
    {
        var pool = new PoolDriver(workers: 5, s => s with { SpawnInterval = TimeSpan.FromSeconds(1) }).Begin().Ready(1);

        Assert.Single(pool.Last.OfType<PoolAction.AnnounceReady>());
        Assert.Empty(pool.Pass(1).Ready(2).All.OfType<PoolAction.AnnounceReady>().Skip(1));
    }
}
