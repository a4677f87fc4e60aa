using StarletNet.Master.Pool;

namespace StarletNet.Master.Tests.Pool;

/// <summary>Workers that serve and are to leave: for their number of requests, memory, age, or because they are stuck.</summary>
public sealed class ReplacementTests
{
    private static PoolEvent.RetireAsked Asked(int id, RetireReason reason = RetireReason.Requests) => new PoolEvent.RetireAsked(id, reason);

    [Fact]
    public void Its_successor_serves_before_it_is_told_to_go()
    {
        var pool = new PoolDriver().Up().Say(Asked(1));
        Assert.Equal((3, 0, 1), pool.Started[^1]);
        Assert.Empty(pool.Drained);
        Assert.Equal([1, 2], pool.Serving.Select(worker => worker.Id));

        pool.Ready(3);
        Assert.Equal([1], pool.Drained);
        Assert.Equal(RetireReason.Requests, Assert.Single(pool.Told.OfType<PoolNotice.Retiring>()).Reason);
        Assert.Equal([3, 2], pool.Serving.Select(worker => worker.Id));
    }

    [Fact]
    public void Two_that_ask_at_once_go_one_after_the_other()
    {
        var pool = new PoolDriver().Up().Say(Asked(1)).Say(Asked(2));
        Assert.Equal(3, pool.Started.Count);

        pool.Ready(3);
        Assert.Equal(3, pool.Started.Count);
        pool.Exit(1);
        Assert.Equal((4, 1, 1), pool.Started[^1]);
    }

    [Fact]
    public void With_more_surge_they_go_together()
    {
        var pool = new PoolDriver(workers: 3, s => s with { Surge = 2 }).Up().Say(Asked(1)).Say(Asked(2)).Say(Asked(3));

        Assert.Equal([(4, 0, 1), (5, 1, 1)], pool.Started.Skip(3));
    }

    [Fact]
    public void A_drain_without_end_holds_up_the_next_replacement_for_half_a_minute()
    {
        var pool = new PoolDriver(workers: 2, s => s with { GracefulTimeout = TimeSpan.Zero }).Up().Say(Asked(1)).Ready(3).Say(Asked(2));

        pool.Pass(29.9);
        Assert.Equal(3, pool.Started.Count);
        pool.Pass(0.2);
        Assert.Equal((4, 1, 1), pool.Started[^1]);
        Assert.Empty(pool.All.OfType<PoolAction.Kill>());
    }

    [Fact]
    public void A_successor_that_fails_leaves_it_serving_and_is_tried_again_later()
    {
        var pool = new PoolDriver().Up().Say(Asked(1)).Exit(3, 3);
        Assert.Empty(pool.Drained);
        Assert.Equal([1, 2], pool.Serving.Select(worker => worker.Id));

        pool.Pass(1);
        Assert.Equal((4, 0, 1), pool.Started[^1]);
        pool.Exit(4, 3).Pass(1.9);
        Assert.Equal(4, pool.Started.Count);
        pool.Pass(0.1);
        Assert.Equal(5, pool.Started.Count);
    }

    [Fact]
    public void One_that_dies_before_its_successor_is_ready_is_not_replaced_twice()
    {
        var pool = new PoolDriver().Up().Say(Asked(1)).Exit(1, 6).Pass(10);

        Assert.Equal(3, pool.Started.Count);
        pool.Ready(3);
        Assert.Empty(pool.Drained);
        Assert.Equal([3, 2], pool.Serving.Select(worker => worker.Id));
    }

    [Fact]
    public void Asking_twice_changes_nothing()
    {
        var pool = new PoolDriver().Up().Say(Asked(1));

        pool.Say(Asked(1)).Say(Asked(1, RetireReason.Age));

        Assert.Empty(pool.Last);
    }

    [Fact]
    public void During_a_restart_its_successor_is_of_the_new_generation()
    {
        var pool = new PoolDriver().Up().Hup().Ready(3).Exit(1).Say(Asked(3));

        // Slot 1 is being taken over; slot 0 waits for its turn.
        pool.Ready(4).Exit(2);

        Assert.Equal((5, 0, 2), pool.Started[^1]);
    }

    [Fact]
    public void The_spawn_interval_counts()
    {
        var pool = new PoolDriver(workers: 1, s => s with { SpawnInterval = TimeSpan.FromSeconds(2) }).Up().Say(Asked(1)).Pass(1.9);

        Assert.Single(pool.Started);
        pool.Pass(0.1);
        Assert.Equal(2, pool.Started.Count);
    }

    [Fact]
    public void A_worker_that_has_not_served_yet_or_leaves_is_not_replaced()
    {
        var pool = new PoolDriver().Begin().Say(Asked(1, RetireReason.Memory));
        Assert.Empty(pool.Last);

        var stopping = new PoolDriver().Up().Stop().Say(Asked(1));
        Assert.Empty(stopping.Last);
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(-1, 90)]
    [InlineData(1, 110)]
    public void Age_is_counted_from_readiness_give_or_take_a_tenth(double jitter, double seconds)
    {
        var pool = new PoolDriver(workers: 1, s => s with { MaxAge = TimeSpan.FromSeconds(100) }) { Jitter = jitter };
        pool.Begin().Pass(7).Ready(1).Pass(seconds - 0.1);
        Assert.Single(pool.Started);

        pool.Pass(0.1);

        Assert.Equal(RetireReason.Age, Assert.Single(pool.Told.OfType<PoolNotice.ToBeReplaced>()).Reason);
        Assert.Equal(2, pool.Started.Count);
        Assert.Null(pool.Ready(2).Exit(1).Due(new PoolEvent.AgeReached(1)));
    }

    [Fact]
    public void One_that_is_stuck_is_replaced_at_once_and_ended_with_a_trace()
    {
        var pool = new PoolDriver(workers: 2).Up().Say(Asked(1)).Ready(3).Say(Asked(2, RetireReason.Stuck));
        Assert.Equal((4, 1, 1), pool.Started[^1]);

        pool.Ready(4);
        Assert.Empty(pool.Drained);
        Assert.Equal(2, Assert.Single(pool.Last.OfType<PoolAction.Crash>()).Id);
        pool.Pass(4.9);
        Assert.Empty(pool.All.OfType<PoolAction.Kill>());
        pool.Pass(0.1);
        Assert.Equal([2], pool.Killed);
    }

    [Fact]
    public void One_that_comes_back_to_life_stays_or_drains_like_any_other()
    {
        var pool = new PoolDriver(workers: 1, s => s with { SpawnInterval = TimeSpan.FromSeconds(9) }).Up().Say(Asked(1, RetireReason.Stuck));
        pool.Say(new PoolEvent.WorkerRecovered(1)).Pass(10);
        Assert.Single(pool.Started);

        pool.Say(Asked(1, RetireReason.Stuck)).Say(new PoolEvent.WorkerRecovered(1)).Ready(2);
        Assert.Equal([1], pool.Drained);
        Assert.Empty(pool.All.OfType<PoolAction.Crash>());
    }

    [Fact]
    public void One_that_comes_back_to_life_still_leaves_for_what_it_was_to_leave_for_before()
    {
        var pool = new PoolDriver(workers: 1, s => s with { SpawnInterval = TimeSpan.FromSeconds(9) }).Up().Say(Asked(1, RetireReason.Requests)).Say(Asked(1, RetireReason.Stuck));

        pool.Say(new PoolEvent.WorkerRecovered(1)).Pass(10);

        Assert.Equal(2, pool.Started.Count);
        pool.Ready(2);
        Assert.Equal([1], pool.Drained);
    }

    [Fact]
    public void One_that_is_stuck_while_it_drains_is_ended_once()
    {
        var pool = new PoolDriver(workers: 2, s => s with { GracefulTimeout = TimeSpan.Zero }).Up().Stop().Say(Asked(1, RetireReason.Stuck));
        Assert.Single(pool.Last.OfType<PoolAction.Crash>());

        pool.Say(Asked(1, RetireReason.Stuck));
        Assert.Empty(pool.Last);
        pool.Pass(5);
        Assert.Equal([1], pool.Killed);
    }

    [Fact]
    public void A_restart_of_all_at_once_tries_the_first_alone()
    {
        var pool = new PoolDriver(workers: 4, s => s with { Surge = 1024 }).Up().Hup();
        Assert.Equal(5, pool.Started.Count);

        pool.Ready(5);
        Assert.Equal([1, 2, 3], pool.Started.Skip(5).Select(start => start.Slot));
        pool.Ready(6).Ready(7).Ready(8);
        Assert.Single(pool.Told.OfType<PoolNotice.RestartDone>());
    }

    [Fact]
    public void Tried_first_one_worker_starts_alone_and_has_one_try()
    {
        var pool = new PoolDriver(workers: 3, s => s with { TriesOneFirst = true }).Begin();
        Assert.Single(pool.Started);
        pool.Ready(1);
        Assert.Equal(3, pool.Started.Count);

        var broken = new PoolDriver(workers: 3, s => s with { TriesOneFirst = true }).Begin().Exit(1, 3);
        Assert.Equal(1, broken.Ended);
    }
}
