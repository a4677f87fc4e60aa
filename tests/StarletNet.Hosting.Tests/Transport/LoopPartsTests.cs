using StarletNet.Hosting.Transport;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class LoopPartsTests
{
    [Fact]
    public void A_callback_that_nobody_interrupts_keeps_the_loop()
    {
        var ownership = new LoopOwnership();
        var seen = new HashSet<long>();
        for (var n = 0; n < 3; n++)
        {
            Assert.False(LoopOwnership.IsInCallback(ownership.Word));
            var inside = ownership.Enter();
            Assert.True(LoopOwnership.IsInCallback(ownership.Word));
            Assert.True(seen.Add(inside));
            Assert.True(ownership.TryLeave(inside));
        }
    }

    [Fact]
    public void A_loop_that_was_taken_is_not_the_former_owners_any_more()
    {
        var ownership = new LoopOwnership();
        var former = ownership.Enter();
        Assert.True(ownership.TryTake(ownership.Word));
        Assert.False(LoopOwnership.IsInCallback(ownership.Word));
        Assert.False(ownership.TryLeave(former));

        // Nor when the next one is in a callback, or has left it.
        var next = ownership.Enter();
        Assert.False(ownership.TryLeave(former));
        Assert.False(ownership.TryTake(former));
        Assert.True(ownership.TryLeave(next));
        Assert.False(ownership.TryLeave(former));
    }

    [Fact]
    public async Task Of_him_who_leaves_and_him_who_takes_one_wins()
    {
        const int Turns = 200_000;
        var ownership = new LoopOwnership();
        long taken = 0, kept = 0;
        var over = false;
        var taker = Task.Run(() =>
        {
            while (!Volatile.Read(ref over))
            {
                var word = ownership.Word;
                if (LoopOwnership.IsInCallback(word) && ownership.TryTake(word)) Interlocked.Increment(ref taken);
            }
        });
        for (var turn = 0; turn < Turns; turn++)
        {
            if (ownership.TryLeave(ownership.Enter())) kept++;
        }
        Volatile.Write(ref over, true);
        await taker.WaitAsync(Deadlines.Event);

        Assert.Equal(Turns, kept + taken);
    }

    [Fact]
    public void A_run_queue_keeps_the_order_while_it_grows()
    {
        var queue = new RunQueue();
        int added = 0, taken = 0;
        for (var turn = 0; turn < 300; turn++)
        {
            for (var n = 0; n < 3; n++) queue.Enqueue(new Scheduled(_ => { }, added++, null));
            Assert.Equal(taken++, queue.Dequeue().State);
        }
        while (queue.Count > 0) Assert.Equal(taken++, queue.Dequeue().State);
        Assert.Equal(added, taken);
    }

    [Fact]
    public void One_long_run_is_forgiven_and_two_are_not()
    {
        var habit = new Habit();
        Assert.Equal(1, habit.Observe(Place.Spare));
        Assert.Equal(Place.Loop, habit.Place);
        for (var n = 0; n < 49; n++) Assert.Equal(0, habit.Observe(Place.Loop));
        Assert.Equal(-1, habit.Observe(Place.Loop));
        Assert.False(habit.IsUnderSuspicion);

        habit.Observe(Place.Spare);
        habit.Observe(Place.Spare);
        Assert.Equal(Place.Spare, habit.Place);
    }

    [Fact]
    public void Who_behaves_comes_back_to_the_loop_and_is_forgotten()
    {
        var habit = new Habit();
        habit.Observe(Place.Pool);
        habit.Observe(Place.Pool);
        var runs = 0;
        for (; habit.Place == Place.Pool; runs++) habit.Observe(Place.Loop);

        Assert.InRange(runs, 25, 100);
        Assert.False(habit.IsUnderSuspicion);
    }

    [Fact]
    public void Who_is_long_every_tenth_time_stays_away()
    {
        var habit = new Habit();
        for (var n = 0; n < 1000; n++) habit.Observe(n % 10 == 0 || n == 1 ? Place.Spare : Place.Loop);
        Assert.Equal(Place.Spare, habit.Place);
    }

    [Fact]
    public void A_memory_is_empty_when_all_is_forgotten()
    {
        var memory = new BlockingMemory();
        Assert.True(memory.IsEmpty);
        memory.Observe(5, Place.Spare);
        Assert.False(memory.IsEmpty);
        for (var n = 0; n < 50; n++) memory.HasBehaved(5);
        Assert.True(memory.IsEmpty);

        var connection = new Habit();
        memory.Observe(ref connection, Place.Spare);
        Assert.False(memory.IsEmpty);
        memory.Forget(ref connection);
        memory.Forget(ref connection);
        Assert.True(memory.IsEmpty);
    }

    [Theory]
    [InlineData("GET", "/users/17", "GET", "/users/4711", true)]
    [InlineData("GET", "/users/17/orders", "GET", "/users/4711/orders", true)]
    [InlineData("GET", "/users/17", "GET", "/orders/17", false)]
    [InlineData("GET", "/users/17", "POST", "/users/17", false)]
    [InlineData("GET", "/a/b", "GET", "/a/c", false)]
    [InlineData("GET", "/", "GET", "/a", false)]
    public void Paths_that_differ_in_an_identifier_are_one_route(string method, string path, string otherMethod, string otherPath, bool same)
    {
        Assert.Equal(same, BlockingMemory.RouteOf(method, path) == BlockingMemory.RouteOf(otherMethod, otherPath));
        Assert.NotEqual(0, BlockingMemory.RouteOf(method, path));
    }

    [Fact]
    public void Waiting_and_computing_are_told_apart()
    {
        // The first time it is compiled, which is computing and takes long.
        _ = ObservedRun.Begin().Deserved();
        var run = ObservedRun.Begin();
        Thread.Sleep(20);
        Assert.Equal(Place.Spare, run.Deserved());

        // On a busy machine a pause may fall into it.
        Assert.Contains(Place.Pool, Enumerable.Range(0, 20).Select(_ =>
        {
            var computing = ObservedRun.Begin();
            var until = Environment.TickCount64 + 20;
            while (Environment.TickCount64 < until) Thread.SpinWait(100);
            return computing.Deserved();
        }));
    }

    [Theory]
    // Each letter a look: asleep, running, a collection before it (and asleep), another callback.
    [InlineData(".s", null)]
    [InlineData(".ss", Place.Spare)]
    [InlineData(".srs", Place.Spare)]
    [InlineData(".sgs", Place.Spare)]
    [InlineData(".ggggggg", null)]
    [InlineData(".rrr", null)]
    [InlineData(".rrrr", Place.Pool)]
    [InlineData(".srrr", Place.Pool)]
    [InlineData(".s.s.rrr.s", null)]
    public void A_callback_is_suspected_by_what_several_looks_find(string looks, object? expected)
    {
        var suspicion = new Suspicion();
        var ownership = new LoopOwnership();
        var collections = 0;
        Place? found = null;
        foreach (var look in looks)
        {
            if (look == '.') ownership.TryLeave(ownership.Enter());
            if (look == '.') ownership.Enter();
            if (look == 'g') collections++;
            Assert.Null(found);
            if (suspicion.IsSame(ownership.Word, collections)) found = suspicion.Conclude(isWaiting: look != 'r');
        }
        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData(0, false, Accusation.Looks, true)]
    [InlineData(0, false, Accusation.Looks - 1, false)]
    [InlineData(0, true, 1, true)]
    [InlineData(1, false, Accusation.Looks, false)]
    [InlineData(1, true, 1, false)]
    public void An_accusation_holds_unless_a_collection_explains_it(int collections, bool atOnce, int looks, bool holds)
    {
        var threads = new LoopThreads(most: 2, loops: 1);
        using var loop = new EpollLoop(new ConnectionSet(null), threads, new BlockingMemory(), new ElsewhereDispatch(threads, new PoolDispatch()));
        loop.Start([]);
        var accused = new ConnectionDispatch(loop) { Routes = new OneRoute(7) };
        var accusation = new Accusation(accused, Place.Spare, collections: 0);
        for (var look = 0; look < looks; look++) accusation.Judge(collections, atOnce);

        Assert.Equal(!holds, loop.Memory.IsEmpty);
        Assert.Equal(looks < Accusation.Looks && !atOnce, accusation.IsOpen);
    }

    private sealed record OneRoute(int CurrentRoute) : IRouteSource;

    [Fact]
    public async Task Spare_threads_are_bounded_and_one_is_kept_for_a_take_over()
    {
        // Not disposed: the last one posted may still come to it.
        var mayEnd = new ManualResetEventSlim();
        var threads = new LoopThreads(most: 4, loops: 1);
        threads.NeedsThread = threads.Replenish;
        var ran = 0;
        var posted = 0;
        var work = new Scheduled(_ =>
        {
            Interlocked.Increment(ref ran);
            mayEnd.Wait(Deadlines.Event);
        }, null, null);
        while (threads.TryPost(work)) posted++;

        Assert.Equal(3, posted);
        await Eventually.TrueAsync(() => Volatile.Read(ref ran) == 3, "all of it runs at once");
        Assert.True(threads.CanTakeOver);
        mayEnd.Set();
        await Eventually.TrueAsync(() => threads.TryPost(work), "a thread is free again");
    }

    [Fact]
    public async Task No_more_threads_are_started_than_there_is_work_for()
    {
        const int Works = 5;
        var mayEnd = new ManualResetEventSlim();
        var threads = new LoopThreads(most: 64, loops: 1);
        var ran = 0;
        var work = new Scheduled(_ =>
        {
            Interlocked.Increment(ref ran);
            mayEnd.Wait(Deadlines.Event);
        }, null, null);
        for (var n = 0; n < Works; n++) Assert.True(threads.TryPost(work));
        // As the monitor does, again and again while the first of them are still on their way.
        for (var n = 0; n < 200; n++) threads.Replenish();
        await Eventually.TrueAsync(() => Volatile.Read(ref ran) == Works, "all of it runs at once");
        for (var n = 0; n < 200; n++) threads.Replenish();

        Assert.InRange(threads.Count, Works, Works + 1);
        mayEnd.Set();
    }

    [Fact]
    public async Task What_application_code_leaves_on_a_thread_is_gone_before_the_next_runs_there()
    {
        var local = new AsyncLocal<string?>();
        var found = new List<string?>();
        var threads = new LoopThreads(most: 2, loops: 1);
        threads.NeedsThread = threads.Replenish;
        var ran = 0;
        var work = new Scheduled(_ =>
        {
            found.Add(local.Value);
            found.Add(SynchronizationContext.Current?.ToString());
            local.Value = "left";
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
            Volatile.Write(ref ran, ran + 1);
        }, null, null);
        for (var n = 1; n <= 3; n++)
        {
            await Eventually.TrueAsync(() => threads.TryPost(work), "the thread is free");
            await Eventually.TrueAsync(() => Volatile.Read(ref ran) == n, "it runs");
        }

        Assert.All(found, Assert.Null);
    }
}
