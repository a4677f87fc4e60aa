using StarletNet.Master.Pool;
using StarletNet.Master.Watching;
using StarletNet.Master.Workers;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Tests.Watching;

public sealed class WatchTests
{
    private readonly HeartbeatWatch _watch = new();

    private (PoolEvent? Event, bool PoolIsStarved) Look(int beats, int poolBeats, bool isDebugged = false, int times = 1)
    {
        (PoolEvent?, bool) last = default;
        for (var i = 0; i < times; i++)
            last = _watch.Look(1, new WorkerFigures(100, Shared.Contract.WorkerPhase.Ready, 0, 0, 0, false) { Beats = beats, PoolBeats = poolBeats, IsDebugged = isDebugged });
        return last;
    }

    [Fact]
    public void A_worker_is_stuck_after_four_looks_without_a_sign_of_life()
    {
        Look(5, 5);
        Assert.Null(Look(5, 5, times: 3).Event);
        Assert.Equal(new PoolEvent.RetireAsked(1, RetireReason.Stuck), Look(5, 5).Event);
        Assert.Equal(new PoolEvent.RetireAsked(1, RetireReason.Stuck), Look(5, 5).Event);
        Assert.Equal(new PoolEvent.WorkerRecovered(1), Look(6, 6).Event);
        Assert.Null(Look(7, 7).Event);
    }

    [Fact]
    public void A_starved_pool_is_a_warning_first_and_a_verdict_after_twice_the_time()
    {
        var beats = 0;
        Look(++beats, 5);
        for (var look = 1; look <= 8; look++)
        {
            var (happened, isStarved) = Look(++beats, 5);
            Assert.Equal(look == 4, isStarved);
            Assert.Equal(look == 8, happened is PoolEvent.RetireAsked);
        }
    }

    [Fact]
    public void Whoever_is_debugged_may_stand_still() => Assert.Null(Look(5, 5, isDebugged: true, times: 20).Event);

    [Fact]
    public void One_that_keeps_its_figures_to_itself_or_has_not_begun_is_not_judged()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.Null(_watch.Look(1, null).Event);
            Assert.Null(_watch.Look(2, new WorkerFigures(100, Shared.Contract.WorkerPhase.Starting, 0, 0, 0, false)).Event);
        }
    }

    [Fact]
    public void Memory_counts_when_it_is_too_much_three_times_in_a_row()
    {
        var watch = new MemoryWatch(1000);

        bool[] said = [watch.Look(1, 1001), watch.Look(1, 1001), watch.Look(1, 1000), watch.Look(1, 1001), watch.Look(1, null), watch.Look(1, 2000), watch.Look(1, 2000)];

        Assert.DoesNotContain(true, said);
        Assert.True(watch.Look(1, 2000));
        // One that is still starting is not replaced yet.
        Assert.True(watch.Look(1, 2000));
        Assert.False(watch.Look(1, 1000));
    }

    [Fact]
    public void The_memory_of_a_process_is_read_from_the_kernel()
    {
        Assert.InRange(MemoryWatch.UsedBy(Environment.ProcessId)!.Value, 1 << 20, 1L << 40);
        Assert.Null(MemoryWatch.UsedBy(int.MaxValue));
    }

    [Fact]
    public void A_share_of_requests_is_drawn_with_both_ends()
    {
        var random = new Random(1);
        var drawn = Enumerable.Range(0, 1000).Select(_ => new RequestShare(3, 5).Draw(random)).Distinct().Order();

        Assert.Equal([3, 4, 5], drawn);
        Assert.Equal(int.MaxValue, new RequestShare(int.MaxValue, int.MaxValue).Draw(random));
        Assert.Equal(0, default(RequestShare).Draw(random));
    }
}
