using StarletNet.Master.Pool;

namespace StarletNet.Master.Tests.Pool;

public sealed class ServingTests
{
    [Fact]
    public void A_worker_that_died_is_replaced_in_its_slot_after_the_base_interval()
    {
        var pool = new PoolDriver().Up().Pass(100);

        pool.Exit(2, 6);
        Assert.Equal(2, pool.Started.Count);
        Assert.Equal(TimeSpan.FromSeconds(100), Assert.Single(pool.Told.OfType<PoolNotice.Died>()).ReadyFor);
        pool.Pass(1);
        Assert.Equal((3, 1, 1), pool.Started[^1]);
    }

    [Fact]
    public void The_last_worker_that_served_is_replaced_at_once_whatever_there_is_to_wait_for()
    {
        var pool = new PoolDriver(workers: 2, s => s with { SpawnInterval = TimeSpan.FromSeconds(50) }).Begin().Pass(50).Ready(1).Ready(2).Pass(20);

        pool.Exit(1, 6);
        Assert.Equal(2, pool.Started.Count);
        pool.Exit(2, 6);
        Assert.Equal((3, 0, 1), pool.Started[^1]);
    }

    [Fact]
    public void A_last_worker_that_dies_again_and_again_cannot_spin()
    {
        var pool = new PoolDriver(workers: 1).Up().Pass(0.2);

        pool.Exit(1, 6);
        Assert.Single(pool.Started);
        Assert.Equal(TimeSpan.FromSeconds(1), pool.Due(new PoolEvent.StartDue()));
        pool.Pass(0.8);
        Assert.Equal(2, pool.Started.Count);
    }

    [Fact]
    public void Failed_replacements_wait_longer_each_time_and_service_of_ten_seconds_ends_the_row()
    {
        var pool = new PoolDriver().Up().Pass(100).Exit(2, 6).Pass(1);
        pool.Exit(3, 3).Pass(1).Exit(4, 3);
        Assert.Equal(2, Assert.Single(pool.Told.OfType<PoolNotice.WaitsToStart>()).Failures);

        pool.Pass(2).Ready(5).Pass(10).Exit(5, 6).Pass(1).Exit(6, 3);

        Assert.Equal(1, Assert.Single(pool.Told.OfType<PoolNotice.WaitsToStart>()).Failures);
    }

    [Fact]
    public void Workers_that_have_long_been_ready_do_not_end_a_row_of_failures()
    {
        var pool = new PoolDriver().Up().Pass(100).Exit(2, 6).Pass(1).Exit(3, 3).Pass(1).Exit(4, 3).Pass(2);

        pool.Exit(5, 3);

        Assert.Equal(3, Assert.Single(pool.Told.OfType<PoolNotice.WaitsToStart>()).Failures);
    }

    [Fact]
    public void A_worker_that_drains_by_itself_is_replaced_and_its_exit_is_no_failure()
    {
        var pool = new PoolDriver().Up().Pass(100);

        pool.Say(new PoolEvent.WorkerDraining(1));
        Assert.Single(pool.Told.OfType<PoolNotice.LeavesByItself>());
        pool.Pass(1);
        Assert.Equal((3, 0, 1), pool.Started[^1]);
        pool.Ready(3).Exit(1);
        Assert.Single(pool.Told.OfType<PoolNotice.Left>());
        Assert.Equal([(3, 0, 1), (2, 1, 1)], pool.Serving);
    }

    [Fact]
    public void A_worker_that_drains_by_itself_and_does_not_leave_is_killed()
    {
        var pool = new PoolDriver().Up().Say(new PoolEvent.WorkerDraining(1));

        pool.Pass(34.9);
        Assert.Empty(pool.All.OfType<PoolAction.Kill>());
        pool.Pass(0.1);
        Assert.Equal([1], pool.Killed);
    }

    [Fact]
    public void Ttin_adds_a_worker_in_the_next_slot()
    {
        var pool = new PoolDriver().Up();

        pool.Say(new PoolEvent.WorkersAsked(1));

        Assert.Equal((3, 2, 1), pool.Started[^1]);
        Assert.Equal(3, Assert.Single(pool.Last.OfType<PoolAction.Start>()).Workers);
    }

    [Fact]
    public void Several_more_workers_are_as_many_slots()
    {
        var pool = new PoolDriver().Up();

        pool.Say(new PoolEvent.WorkersAsked(3));

        Assert.Equal([(3, 2, 1), (4, 3, 1), (5, 4, 1)], pool.Started.Skip(2));
    }

    [Fact]
    public void Ttou_drains_the_worker_of_the_highest_slot()
    {
        var pool = new PoolDriver(workers: 3).Up();

        pool.Say(new PoolEvent.WorkersAsked(-1));

        Assert.Equal([3], pool.Drained);
        pool.Exit(3).Pass(100);
        Assert.Equal(3, pool.Started.Count);
    }

    [Fact]
    public void There_is_always_one_worker_and_never_more_than_1024()
    {
        var one = new PoolDriver(workers: 1).Up().Say(new PoolEvent.WorkersAsked(-1));
        Assert.Single(one.Told.OfType<PoolNotice.WorkersAtLimit>());
        Assert.Single(one.Serving);

        var many = new PoolDriver(workers: 1024, s => s with { BootingAtOnce = 1 }).Begin().Say(new PoolEvent.WorkersAsked(1));
        Assert.Single(many.Told.OfType<PoolNotice.WorkersAtLimit>());
        Assert.Equal(1024, many.State.Set.Target);
    }

    [Fact]
    public void Nobody_is_taken_away_whose_queue_would_be_nobodys()
    {
        var pool = new PoolDriver(workers: 2, s => s with { FewestWorkers = 2 }).Up().Say(new PoolEvent.WorkersAsked(1)).Say(new PoolEvent.WorkersAsked(-2));
        Assert.Equal(2, pool.State.Set.Target);

        pool.Say(new PoolEvent.WorkersAsked(-1));
        Assert.Single(pool.Told.OfType<PoolNotice.WorkersAtLimit>());
        Assert.Equal(2, pool.State.Set.Target);
    }

    [Fact]
    public void Ttou_removes_the_slot_that_readiness_waited_for()
    {
        var pool = new PoolDriver().Begin().Ready(1);

        pool.Say(new PoolEvent.WorkersAsked(-1));

        Assert.Single(pool.Last.OfType<PoolAction.AnnounceReady>());
    }

    [Fact]
    public void News_of_a_worker_that_is_gone_changes_nothing()
    {
        var pool = new PoolDriver().Up();
        var before = pool.State;

        pool.Say(new PoolEvent.WorkerReady(99)).Say(new PoolEvent.WorkerDraining(99)).Say(new PoolEvent.WorkerFailed(99, "x"))
            .Say(new PoolEvent.BootTimedOut(99)).Say(new PoolEvent.DrainTimedOut(99)).Exit(99).Say(new PoolEvent.StartDue()).Ready(1);

        Assert.Equal(before.Set.Workers, pool.State.Set.Workers);
        Assert.Empty(pool.Last);
    }
}
