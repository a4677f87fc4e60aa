using StarletNet.Master.Pool;

namespace StarletNet.Master.Tests.Pool;

public sealed class BootingTests
{
    [Fact]
    public void Begin_starts_a_worker_for_every_slot()
    {
        var pool = new PoolDriver(workers: 3).Begin();

        Assert.Equal([(1, 0, 1), (2, 1, 1), (3, 2, 1)], pool.Started);
        Assert.IsType<PoolState.Booting>(pool.State);
        Assert.All(pool.Last.OfType<PoolAction.Start>(), start => Assert.Equal(3, start.Workers));
    }

    [Fact]
    public void No_more_workers_boot_at_once_than_there_are_cpus()
    {
        var pool = new PoolDriver(workers: 3, s => s with { BootingAtOnce = 1 }).Begin();

        Assert.Equal([(1, 0, 1)], pool.Started);
        pool.Ready(1);
        Assert.Equal([(1, 0, 1), (2, 1, 1)], pool.Started);
    }

    [Fact]
    public void The_spawn_interval_spaces_the_first_starts()
    {
        var pool = new PoolDriver(workers: 3, s => s with { SpawnInterval = TimeSpan.FromSeconds(2) }).Begin();

        Assert.Single(pool.Started);
        pool.Pass(1.9);
        Assert.Single(pool.Started);
        pool.Pass(0.1);
        Assert.Equal(2, pool.Started.Count);
        pool.Pass(2);
        Assert.Equal(3, pool.Started.Count);
    }

    [Fact]
    public void Readiness_is_announced_once_when_all_first_workers_are_ready()
    {
        var pool = new PoolDriver().Begin();

        pool.Ready(1);
        Assert.IsType<PoolState.Serving>(pool.State);
        Assert.Empty(pool.All.OfType<PoolAction.AnnounceReady>());
        pool.Ready(2);
        Assert.Single(pool.All.OfType<PoolAction.AnnounceReady>());
        pool.Exit(2, 1).Pass(60);
        pool.Ready(3);
        Assert.Single(pool.All.OfType<PoolAction.AnnounceReady>());
    }

    [Fact]
    public void As_many_failures_in_a_row_as_allowed_end_the_start_with_1()
    {
        var pool = new PoolDriver(workers: 1).Begin();

        pool.Exit(1, 3).Pass(1).Exit(2, 3).Pass(2);
        Assert.Equal(3, pool.Started.Count);
        Assert.Null(pool.Ended);
        pool.Exit(3, 3);
        Assert.Equal(1, pool.Ended);
        Assert.IsType<PoolState.Ended>(pool.State);
    }

    [Fact]
    public void Giving_up_takes_the_other_starting_workers_along()
    {
        var pool = new PoolDriver(workers: 4).Begin();

        pool.Exit(1, 3).Exit(2, 3).Exit(3, 3);
        Assert.IsType<PoolState.Stopping>(pool.State);
        Assert.Equal([4], pool.Drained);
        Assert.Null(pool.Ended);
        pool.Exit(4);
        Assert.Equal(1, pool.Ended);
    }

    [Fact]
    public void A_limit_of_0_never_gives_up()
    {
        var pool = new PoolDriver(workers: 1, s => s with { BootFailureLimit = 0 }).Begin();

        for (var id = 1; id <= 20; id++) pool.Exit(id, 3).Pass(40);
        Assert.Equal(21, pool.Started.Count);
        Assert.IsType<PoolState.Booting>(pool.State);
    }

    [Fact]
    public void Failures_no_longer_end_anything_once_one_worker_was_ready()
    {
        var pool = new PoolDriver().Begin().Ready(1);

        pool.Exit(2, 3);
        for (var id = 3; id <= 8; id++) pool.Pass(40).Exit(id, 3);
        Assert.IsType<PoolState.Serving>(pool.State);
        Assert.Equal([(1, 0, 1)], pool.Serving);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(4, 16)]
    [InlineData(5, 30)]
    [InlineData(60, 30)]
    public void The_wait_doubles_with_each_failure_up_to_half_a_minute(int failuresBefore, double seconds)
    {
        var pool = new PoolDriver(workers: 1, s => s with { BootFailureLimit = 0 }).Begin();
        for (var id = 1; id <= failuresBefore; id++) pool.Exit(id, 3).Pass(40);

        pool.Exit(failuresBefore + 1, 3);

        Assert.Equal(pool.Now + TimeSpan.FromSeconds(seconds), pool.Due(new PoolEvent.StartDue()));
    }

    [Theory]
    [InlineData(1, 1.2)]
    [InlineData(-1, 0.8)]
    public void The_wait_varies_by_a_fifth(double jitter, double seconds)
    {
        var pool = new PoolDriver(workers: 1) { Jitter = jitter }.Begin();

        pool.Exit(1, 3);

        Assert.Equal(TimeSpan.FromSeconds(seconds), pool.Due(new PoolEvent.StartDue()));
    }

    [Fact]
    public void A_worker_that_is_not_ready_in_time_is_killed_and_counts_as_failed()
    {
        var pool = new PoolDriver(workers: 1, s => s with { BootFailureLimit = 1 }).Begin();

        pool.Pass(60);
        Assert.Equal([1], pool.Killed);
        Assert.Null(pool.Ended);
        pool.Exit(1, 137);
        Assert.Equal(1, pool.Ended);
    }

    [Fact]
    public void A_worker_that_is_ready_is_not_killed_by_its_boot_timer()
    {
        var pool = new PoolDriver(workers: 1).Up();

        pool.Pass(120);

        Assert.Empty(pool.All.OfType<PoolAction.Kill>());
    }

    [Fact]
    public void No_process_at_all_counts_as_a_failed_start()
    {
        var pool = new PoolDriver(workers: 1, s => s with { BootFailureLimit = 2 }).Begin();

        pool.Say(new PoolEvent.StartFailed(1, "fork: out of memory"));
        Assert.Equal("fork: out of memory", Assert.Single(pool.Told.OfType<PoolNotice.FailedToStart>()).Worker.Failure);
        pool.Pass(1).Say(new PoolEvent.StartFailed(2, "again"));
        Assert.Equal(1, pool.Ended);
    }

    [Fact]
    public void What_the_worker_says_of_its_failure_is_told_with_its_exit()
    {
        var pool = new PoolDriver(workers: 1).Begin();

        pool.Say(new PoolEvent.WorkerFailed(1, "no database")).Exit(1, 4);

        Assert.Equal("no database", Assert.Single(pool.Told.OfType<PoolNotice.FailedToStart>()).Worker.Failure);
    }

    [Fact]
    public void What_a_worker_waited_for_is_told_with_the_end_of_its_time()
    {
        var pool = new PoolDriver(workers: 1).Begin();

        pool.Say(new PoolEvent.WorkerUnready(1, "no answer")).Say(new PoolEvent.WorkerUnready(1, "status 503")).Say(new PoolEvent.BootTimedOut(1)).Exit(1, 9);

        Assert.Equal("it was not ready in time: status 503", Assert.Single(pool.Told.OfType<PoolNotice.FailedToStart>()).Worker.Failure);
    }

    /// <summary>Whoever started us gives us up at a time of its own; a reason that comes later reaches nobody.</summary>
    [Fact]
    public void With_a_caller_that_waits_for_a_while_only_a_worker_has_no_longer_and_is_not_tried_again()
    {
        var pool = new PoolDriver(workers: 1, s => s with { ReadyWithin = TimeSpan.FromSeconds(55) }).Begin();

        pool.Pass(54.9);
        Assert.Empty(pool.Killed);
        pool.Pass(0.2);
        Assert.Equal([1], pool.Killed);
        Assert.Equal(new PoolNotice.BootTookTooLong(pool.State.Set.Workers[0] with { Failure = null }, TimeSpan.FromSeconds(55), IsForCaller: true), pool.Told.OfType<PoolNotice.BootTookTooLong>().Single());
        pool.Exit(1, 9);
        Assert.Equal(1, pool.Ended);
    }

    [Fact]
    public void A_caller_that_waits_longer_than_a_worker_may_take_changes_nothing()
    {
        var pool = new PoolDriver(workers: 1, s => s with { ReadyWithin = TimeSpan.FromSeconds(600) }).Begin();

        pool.Pass(60);
        Assert.Equal([1], pool.Killed);
        Assert.False(pool.All.OfType<PoolAction.Tell>().Select(tell => tell.Notice).OfType<PoolNotice.BootTookTooLong>().Single().IsForCaller);
        pool.Exit(1, 9);
        Assert.Null(pool.Ended);
    }

    [Fact]
    public void Once_the_first_set_is_ready_nobody_waits_any_more()
    {
        var pool = new PoolDriver(workers: 1, s => s with { ReadyWithin = TimeSpan.FromSeconds(55) }).Up();

        pool.Pass(100).Exit(1, 9).Pass(1);
        Assert.Equal(2, pool.Started.Count);
        pool.Pass(58);
        Assert.Empty(pool.Killed);
        pool.Pass(2);
        Assert.Equal([2], pool.Killed);
    }

    [Fact]
    public void Draining_before_readiness_is_a_failed_start_and_counts_once()
    {
        var pool = new PoolDriver(workers: 1, s => s with { BootFailureLimit = 2 }).Begin();

        pool.Say(new PoolEvent.WorkerDraining(1)).Exit(1);
        Assert.Null(pool.Ended);
        pool.Pass(1).Say(new PoolEvent.WorkerDraining(2)).Exit(2);
        Assert.Equal(1, pool.Ended);
    }

    [Fact]
    public void Hup_while_booting_starts_the_newest_generation_instead()
    {
        var pool = new PoolDriver().Begin();

        pool.Hup();

        Assert.IsType<PoolState.Booting>(pool.State);
        Assert.Equal([1, 2], pool.Drained);
        Assert.Equal([(3, 0, 2), (4, 1, 2)], pool.Started.Skip(2));
        pool.Exit(1).Exit(2).Ready(3).Ready(4);
        Assert.Single(pool.All.OfType<PoolAction.AnnounceReady>());
        Assert.Equal([(3, 0, 2), (4, 1, 2)], pool.Serving);
    }

    [Fact]
    public void Hup_while_booting_forgets_the_failures_of_the_generation_before()
    {
        var pool = new PoolDriver(workers: 1).Begin().Exit(1, 3).Pass(1).Exit(2, 3);

        pool.Hup();
        Assert.Equal((3, 0, 2), pool.Started[^1]);
        pool.Exit(3, 3);
        Assert.Null(pool.Ended);
    }

    [Fact]
    public void A_stop_while_booting_ends_with_0_and_waits_but_a_little_for_workers_that_never_served()
    {
        var pool = new PoolDriver(workers: 1).Begin();

        pool.Stop();
        Assert.Equal([1], pool.Drained);
        pool.Pass(5);
        Assert.Equal([1], pool.Killed);
        pool.Exit(1, 137);
        Assert.Equal(0, pool.Ended);
    }

    [Fact]
    public void A_stop_between_two_attempts_ends_at_once()
    {
        var pool = new PoolDriver(workers: 1).Begin().Exit(1, 3);

        pool.Stop();

        Assert.Equal(0, pool.Ended);
        pool.Pass(60);
        Assert.Single(pool.Started);
    }
}
