using StarletNet.Master.Pool;

namespace StarletNet.Master.Tests.Pool;

public sealed class RollingTests
{
    [Fact]
    public void Hup_replaces_worker_after_worker_and_each_old_one_serves_until_the_new_one_is_ready()
    {
        var pool = new PoolDriver().Up();

        pool.Hup();
        Assert.Equal((3, 0, 2), pool.Started[^1]);
        Assert.Equal([(1, 0, 1), (2, 1, 1)], pool.Serving);

        pool.Ready(3);
        Assert.Equal([1], pool.Drained);
        Assert.Equal([(3, 0, 2), (2, 1, 1)], pool.Serving);
        Assert.Equal(3, pool.Started.Count);

        pool.Exit(1);
        Assert.Equal((4, 1, 2), pool.Started[^1]);
        pool.Ready(4);
        Assert.Equal([2], pool.Drained);
        Assert.Single(pool.Told.OfType<PoolNotice.RestartDone>());
        Assert.IsType<PoolState.Serving>(pool.State);
    }

    [Fact]
    public void At_most_one_worker_more_than_wanted_is_alive_during_a_restart()
    {
        var pool = new PoolDriver(workers: 3).Up().Hup().Ready(4);

        // The old one of slot 0 still drains: four are alive.
        pool.Pass(10);
        Assert.Equal(4, pool.State.Set.Workers.Length);
        Assert.Equal(4, pool.Started.Count);
        pool.Exit(1);
        Assert.Equal(5, pool.Started.Count);
    }

    [Fact]
    public void A_slot_is_never_served_by_two()
    {
        var pool = new PoolDriver(workers: 3).Up().Hup();
        for (var id = 4; id <= 6; id++)
        {
            pool.Ready(id);
            Assert.Equal([0, 1, 2], pool.Serving.Select(worker => worker.Slot));
            pool.Exit(id - 3);
        }
        Assert.IsType<PoolState.Serving>(pool.State);
    }

    [Fact]
    public void The_spawn_interval_spaces_the_steps_of_a_restart_from_retirement_to_start()
    {
        var pool = new PoolDriver(workers: 2, s => s with { SpawnInterval = TimeSpan.FromSeconds(2) }).Begin().Pass(2).Ready(1).Ready(2).Pass(10).Hup();

        pool.Pass(5).Ready(3).Exit(1);
        Assert.Equal(3, pool.Started.Count);
        pool.Pass(2);
        Assert.Equal(4, pool.Started.Count);
    }

    [Fact]
    public void A_replacement_that_fails_leaves_the_old_worker_serving_and_is_tried_again_later()
    {
        var pool = new PoolDriver().Up().Hup();

        pool.Exit(3, 3);
        Assert.Empty(pool.Drained);
        Assert.Equal([(1, 0, 1), (2, 1, 1)], pool.Serving);
        Assert.Equal(pool.Now + TimeSpan.FromSeconds(1), pool.Due(new PoolEvent.StartDue()));
        pool.Pass(1);
        Assert.Equal((4, 0, 2), pool.Started[^1]);
    }

    [Fact]
    public void A_restart_is_given_up_after_the_limit_and_the_next_one_works()
    {
        var pool = new PoolDriver().Up().Hup();

        pool.Exit(3, 3).Pass(1).Exit(4, 3).Pass(2).Exit(5, 3);
        Assert.Single(pool.Told.OfType<PoolNotice.RestartGivenUp>());
        Assert.IsType<PoolState.Serving>(pool.State);
        Assert.Equal([(1, 0, 1), (2, 1, 1)], pool.Serving);
        pool.Pass(100);
        Assert.Equal(5, pool.Started.Count);

        pool.Hup().Ready(6).Exit(1).Ready(7).Exit(2);
        Assert.Equal([(6, 0, 3), (7, 1, 3)], pool.Serving);
    }

    [Fact]
    public void After_a_restart_was_given_up_a_dead_worker_returns_in_the_generation_that_served()
    {
        var pool = new PoolDriver().Up().Hup().Exit(3, 3).Pass(1).Exit(4, 3).Pass(2).Exit(5, 3).Pass(100);

        pool.Exit(2, 6).Pass(1);

        Assert.Equal((6, 1, 1), pool.Started[^1]);
    }

    [Fact]
    public void With_a_limit_of_0_a_restart_is_never_given_up()
    {
        var pool = new PoolDriver(workers: 1, s => s with { BootFailureLimit = 0 }).Up().Hup();

        for (var id = 2; id < 20; id++) pool.Exit(id, 3).Pass(40);

        Assert.IsType<PoolState.Rolling>(pool.State);
        Assert.Equal([(1, 0, 1)], pool.Serving);
    }

    [Fact]
    public void New_workers_that_become_ready_and_die_end_the_restart_before_they_have_taken_over_everything()
    {
        var pool = new PoolDriver(workers: 3).Up().Hup();

        // Slot 0 was taken over, and whoever takes it dies: three times.
        pool.Ready(4).Exit(1).Exit(4, 6);
        for (var round = 0; round < 20 && pool.State is PoolState.Rolling; round++)
        {
            pool.Pass(5);
            foreach (var worker in pool.State.Set.Workers.Where(worker => worker.Generation == 2).ToArray()) pool.Exit(worker.Id, 6);
        }

        Assert.IsType<PoolState.Serving>(pool.State);
        Assert.Equal([(2, 1, 1), (3, 2, 1)], pool.Serving);
        Assert.Contains(pool.State.Set.Workers, worker => worker is { Slot: 0, Generation: 1, Phase: WorkerPhase.Starting });
    }

    [Fact]
    public void A_worker_that_dies_during_a_restart_is_replaced_by_the_new_generation_while_that_has_not_failed()
    {
        var pool = new PoolDriver().Up().Pass(100).Hup();

        pool.Exit(2, 6).Pass(0);

        Assert.Equal((4, 1, 2), pool.Started[^1]);
    }

    [Fact]
    public void A_worker_that_dies_during_a_restart_that_has_failed_is_replaced_by_what_is_known_to_work()
    {
        var pool = new PoolDriver().Up().Pass(100).Hup().Exit(3, 3).Pass(1).Exit(4, 3);

        pool.Exit(2, 6).Pass(1);

        Assert.Contains((5, 1, 1), pool.Started);
    }

    [Fact]
    public void A_slot_that_the_new_generation_took_over_and_lost_goes_back_to_what_is_known_to_work()
    {
        var pool = new PoolDriver().Up().Pass(100).Hup().Ready(3).Exit(1);

        pool.Exit(3, 6).Pass(1);

        Assert.Equal((5, 0, 1), pool.Started[^1]);
        pool.Ready(5).Exit(4, 3);
        Assert.Equal([(5, 0, 1), (2, 1, 1)], pool.Serving);
    }

    [Fact]
    public void A_fix_is_tried_at_once_where_nothing_serves()
    {
        var pool = new PoolDriver(workers: 1).Up().Pass(100).Exit(1, 6).Exit(2, 3).Pass(1).Exit(3, 3).Pass(2).Exit(4, 3);

        pool.Hup();

        Assert.Equal((5, 0, 2), pool.Started[^1]);
        pool.Ready(5);
        Assert.IsType<PoolState.Serving>(pool.State);
    }

    [Fact]
    public void Hup_during_a_restart_goes_on_with_the_newest_generation()
    {
        var pool = new PoolDriver().Up().Hup().Ready(3).Exit(1);
        Assert.Equal((4, 1, 2), pool.Started[^1]);

        pool.Hup();
        Assert.Equal([4], pool.Drained);
        pool.Exit(4);
        Assert.Equal((5, 0, 3), pool.Started[^1]);
        pool.Ready(5).Exit(3);
        pool.Ready(6).Exit(2);
        Assert.Equal([(5, 0, 3), (6, 1, 3)], pool.Serving);
        Assert.IsType<PoolState.Serving>(pool.State);
    }

    [Fact]
    public void A_superseded_worker_that_gets_ready_all_the_same_never_serves_in_the_books()
    {
        var pool = new PoolDriver().Up().Hup().Hup();

        pool.Ready(3);

        Assert.Equal([(1, 0, 1), (2, 1, 1)], pool.Serving);
        Assert.Equal(pool.Now + TimeSpan.FromSeconds(35), pool.Due(new PoolEvent.DrainTimedOut(3)));
    }

    [Fact]
    public void Term_cancels_a_restart()
    {
        var pool = new PoolDriver().Up().Hup();

        pool.Stop();
        Assert.Equal([1, 2, 3], pool.Drained);
        pool.Exit(3).Exit(1).Pass(10).Exit(2);
        Assert.Equal(3, pool.Started.Count);
        Assert.Equal(0, pool.Ended);
    }

    [Fact]
    public void Ttou_can_complete_a_restart()
    {
        var pool = new PoolDriver().Up().Hup().Ready(3).Exit(1);

        pool.Say(new PoolEvent.WorkersAsked(-1));

        Assert.IsType<PoolState.Serving>(pool.State);
        Assert.Equal([2, 4], pool.Drained.Order());
    }

    [Fact]
    public void Ttin_during_a_restart_starts_in_the_new_generation()
    {
        var pool = new PoolDriver().Up().Hup();

        pool.Say(new PoolEvent.WorkersAsked(1));

        Assert.Equal((4, 2, 2), pool.Started[^1]);
    }

    [Fact]
    public void Hup_before_the_first_set_is_complete_still_announces_readiness_once_it_is()
    {
        var pool = new PoolDriver().Begin().Ready(1);

        pool.Hup();
        Assert.Equal([2], pool.Drained);
        Assert.Equal((3, 1, 2), pool.Started[^1]);
        Assert.Empty(pool.All.OfType<PoolAction.AnnounceReady>());
        pool.Ready(3);
        Assert.Single(pool.All.OfType<PoolAction.AnnounceReady>());
        Assert.IsType<PoolState.Rolling>(pool.State);
    }
}
