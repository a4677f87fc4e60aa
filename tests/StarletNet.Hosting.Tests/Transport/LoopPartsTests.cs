using System.Diagnostics;
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
    public void Who_waits_is_not_held_for_one_that_computes_because_he_does_so_now_and_then()
    {
        var habit = new Habit();
        for (var n = 0; n < 5; n++) habit.Observe(Place.Spare);
        for (var n = 0; n < 100; n++)
        {
            habit.Observe(Place.Pool);
            Assert.Equal(Place.Spare, habit.Place);
            habit.Observe(Place.Spare);
        }
        // Not for ever: the last to tell is what he does now. The other way round it takes a single run.
        var runs = 0;
        for (; habit.Place == Place.Spare; runs++) habit.Observe(Place.Pool);
        Assert.InRange(runs, 2, 5);
        Assert.Equal(Place.Pool, habit.Place);
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
    public void Who_comes_back_and_soon_blocks_again_stays_away_longer_each_time()
    {
        var habit = new Habit();
        // How long good runs, as many as come, do not help.
        var terms = new List<long>();
        for (var round = 0; round < 7; round++)
        {
            habit.Observe(Place.Spare);
            habit.Observe(Place.Spare);
            var since = Environment.TickCount64;
            while (habit.Place == Place.Spare) habit.Observe(Place.Loop);
            terms.Add(Environment.TickCount64 - since);
        }
        // 0, 16, 32 ... 512 ms at least; longer terms only if this thread was kept waiting for a second.
        Assert.True(terms[^1] >= 500 || terms.Exists(term => term > 900), string.Join(' ', terms));
        Assert.False(habit.IsUnderSuspicion);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 60)]
    [InlineData(9, 110)]
    public void What_was_long_ago_is_forgotten(int longRuns, int seconds)
    {
        var memory = new BlockingMemory();
        var habit = new Habit();
        for (var n = 0; n < longRuns; n++) memory.Observe(7, Place.Spare);
        for (var n = 0; n < longRuns; n++) memory.Observe(ref habit, Place.Pool);
        for (var second = 0; second < seconds; second++)
        {
            Assert.True(memory.Suspects(7) && habit.IsUnderSuspicion && !memory.IsEmpty);
            memory.Fade();
            memory.Fade(ref habit);
        }
        Assert.False(memory.Suspects(7) || habit.IsUnderSuspicion);
        Assert.True(memory.IsEmpty);
    }

    [Fact]
    public void Long_runs_that_nobody_has_looked_at_make_a_suspect_and_no_more()
    {
        var memory = new BlockingMemory();
        for (var n = 0; n < 5; n++) memory.Suspect(5);
        Assert.True(memory.Suspects(5));
        Assert.Equal(Place.Loop, memory.PlaceOf(5));
        for (var n = 0; n < 50; n++) memory.HasBehaved(5);
        Assert.True(memory.IsEmpty);

        memory.Suspect(5);
        memory.Observe(5, Place.Pool);
        Assert.Equal(Place.Pool, memory.PlaceOf(5));
        memory.Suspect(5);
        Assert.Equal(Place.Pool, memory.PlaceOf(5));
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

    [Fact]
    public void A_look_at_a_thread_tells_whether_it_waits_and_what_it_has_used()
    {
        using var mayEnd = new ManualResetEventSlim();
        ThreadLook? look = null;
        var thread = new Thread(() =>
        {
            var own = ThreadLook.AtCurrent();
            while (own.Processor() < TimeSpan.FromMilliseconds(5)) Thread.SpinWait(100);
            Volatile.Write(ref look, own);
            mayEnd.Wait(Deadlines.Event);
        });
        thread.Start();

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref look)?.Doing() == Occupation.Waiting, Deadlines.Event));
        Assert.InRange(look!.Processor(), TimeSpan.FromMilliseconds(5), Deadlines.Event);
        Assert.Equal(Occupation.Ready, ThreadLook.AtCurrent().Doing());
        mayEnd.Set();
        thread.Join();
    }

    [Theory]
    // Each letter a look: asleep, running, ready to run and kept from the processor, in the kernel (disk), a collection before it (and asleep), another callback.
    [InlineData(".s", null)]
    [InlineData(".ss", Place.Spare)]
    [InlineData(".srs", Place.Spare)]
    [InlineData(".sgs", Place.Spare)]
    [InlineData(".ggggggggg", null)]
    [InlineData(".gggggggggg", Place.Loop)]
    [InlineData(".ggggg.ggggg", null)]
    [InlineData(".rrr", null)]
    [InlineData(".rrrr", Place.Pool)]
    [InlineData(".srrr", Place.Pool)]
    [InlineData(".pppp", Place.Loop)]
    [InlineData(".rppp", Place.Loop)]
    [InlineData(".prrp", Place.Pool)]
    [InlineData(".psps", Place.Spare)]
    [InlineData(".dddd", Place.Spare)]
    [InlineData(".pddd", Place.Spare)]
    [InlineData(".ddpp", Place.Loop)]
    [InlineData(".drdr", Place.Pool)]
    [InlineData(".s.s.rrr.s", null)]
    public void A_callback_is_suspected_by_what_several_looks_find(string looks, object? expected)
    {
        var suspicion = new Suspicion();
        var ownership = new LoopOwnership();
        var collections = 0;
        var processor = TimeSpan.FromSeconds(1);
        Place? found = null;
        foreach (var look in looks)
        {
            if (look == '.') ownership.TryLeave(ownership.Enter());
            if (look == '.') ownership.Enter();
            if (look == 'g') collections++;
            Assert.Null(found);
            if (look == 'r') processor += TimeSpan.FromMilliseconds(0.6);
            if (suspicion.IsSame(ownership.Word, collections)) found = suspicion.Conclude(
                look switch { 'r' or 'p' => Occupation.Ready, 'd' => Occupation.InKernel, _ => Occupation.Waiting }, processor);
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
        using var loop = new EpollLoop(new ConnectionSet(null), threads, new BlockingMemory(), new ElsewhereDispatch(threads, new PoolDispatch(), new PoolRuns(new BlockingMemory())), new HeldOutputs());
        loop.Start([]);
        var accused = new ConnectionDispatch(loop) { Routes = new OneRoute(7) };
        var accusation = new Accusation(accused, Place.Spare, collections: 0);
        for (var look = 0; look < looks; look++) accusation.Judge(collections, atOnce);

        Assert.Equal(!holds, loop.Memory.IsEmpty);
        Assert.Equal(looks < Accusation.Looks && !atOnce, accusation.IsOpen);
    }

    private sealed record OneRoute(int CurrentRoute) : IRouteSource
    {
        public bool AnswersOne => true;
    }

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
    public async Task A_monitor_that_is_about_to_sleep_does_not_forget_the_work_that_it_was_woken_for()
    {
        // Not disposed: the last one posted may still come to it.
        var mayEnd = new ManualResetEventSlim();
        var threads = new LoopThreads(most: 256, loops: 1);
        using var loop = new EpollLoop(new ConnectionSet(null), threads, new BlockingMemory(), new ElsewhereDispatch(threads, new PoolDispatch(), new PoolRuns(new BlockingMemory())), new HeldOutputs());
        loop.Start([]);
        using var monitor = new LoopMonitor([loop], threads);
        threads.NeedsThread = monitor.Wake;
        monitor.Start();
        var ran = 0;
        try
        {
            for (var posted = 1; posted <= 60; posted++)
            {
                // Each stays, so that the next one needs a thread of its own; from its first wake-up on the monitor looks for a while and sleeps again.
                monitor.Wake();
                var woken = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(woken).TotalMilliseconds < posted % 15 * 0.2) Thread.SpinWait(10);
                Assert.True(threads.TryPost(new Scheduled(_ =>
                {
                    Interlocked.Increment(ref ran);
                    mayEnd.Wait();
                }, null, null)));
                await Eventually.TrueAsync(() => Volatile.Read(ref ran) == posted, "it runs, although nothing else happens");
            }
        }
        finally
        {
            mayEnd.Set();
        }
    }

    [Fact]
    public void What_waits_for_a_thread_that_the_system_refuses_goes_elsewhere()
    {
        var elsewhere = new List<object?>();
        var threads = new LoopThreads(most: 4, loops: 1) { Starter = static _ => throw new InsufficientMemoryException(), Refused = work => elsewhere.Add(work.State) };
        threads.NeedsThread = threads.Replenish;
        Assert.True(threads.TryPost(new Scheduled(_ => { }, "first", null)));
        Assert.True(threads.TryPost(new Scheduled(_ => { }, "second", null)));

        Assert.Equal(["first", "second"], elsewhere);
        Assert.Equal(0, threads.Count);
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
    public async Task While_the_processors_are_busy_work_waits_instead_of_getting_a_thread_each()
    {
        const int Works = 100;
        var (computes, begun, ended) = (true, 0, 0);
        // Not disposed: the last one posted may still come to it.
        var mayEnd = new ManualResetEventSlim();
        var threads = new LoopThreads(most: 256, loops: 1) { WaitsForProcessors = true, Patience = int.MaxValue, Computes = _ => Volatile.Read(ref computes) };
        var work = new Scheduled(_ =>
        {
            Interlocked.Increment(ref begun);
            mayEnd.Wait(Deadlines.Event);
            Interlocked.Increment(ref ended);
        }, null, null);
        for (var n = 0; n < Works; n++) Assert.True(threads.TryPost(work));
        // As the monitor does.
        await Eventually.TrueAsync(() =>
        {
            threads.Replenish();
            return Volatile.Read(ref begun) >= Environment.ProcessorCount;
        }, "as many run as there are processors");
        for (var n = 0; n < 1000; n++) threads.Replenish();

        // One that was on its way when the last processor was found busy, and the reserve.
        Assert.InRange(threads.Count, Environment.ProcessorCount, Environment.ProcessorCount + 2);
        Assert.True(threads.AreWaitedFor);

        // As soon as they block, each of the others gets a thread.
        Volatile.Write(ref computes, false);
        await Eventually.TrueAsync(() =>
        {
            threads.Replenish();
            return Volatile.Read(ref begun) == Works;
        }, "all of it runs at once");
        mayEnd.Set();
        await Eventually.TrueAsync(() => Volatile.Read(ref ended) == Works && !threads.AreWaitedFor, "all of it ends");
    }

    [Fact]
    public async Task Work_that_computes_until_other_work_has_run_does_not_keep_it_waiting_for_ever()
    {
        var other = false;
        var threads = new LoopThreads(most: 256, loops: 1) { WaitsForProcessors = true, Patience = 1, Computes = static _ => true };
        for (var n = 0; n < 2 * Environment.ProcessorCount; n++)
            Assert.True(threads.TryPost(new Scheduled(_ => SpinWait.SpinUntil(() => Volatile.Read(ref other), Deadlines.Event), null, null)));
        Assert.True(threads.TryPost(new Scheduled(_ => Volatile.Write(ref other, true), null, null)));

        await Eventually.TrueAsync(() =>
        {
            threads.Replenish();
            return Volatile.Read(ref other);
        }, "the last one runs although the others compute");
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

    [Fact]
    public void Nothing_runs_on_a_loop_while_not_each_of_them_could_be_taken_over()
    {
        var threads = new LoopThreads(most: 4, loops: 2);
        var could = new List<bool>();
        Engage(threads, 4, () => could.Add(threads.CanTakeOver));

        // With two engaged, the loops, yes. With one more, since one of them was taken over: the other one could be, but not both once more.
        Assert.Equal([true, true, false, false], could);
    }

    /// <summary>Engages one after the other.</summary>
    private static void Engage(LoopThreads threads, int count, Action then) => threads.TryGive(null!, () =>
    {
        then();
        if (count > 1) Engage(threads, count - 1, then);
        return false;
    });

    [Fact]
    public async Task Threads_that_the_system_refuses_are_not_counted_on()
    {
        var refuses = true;
        var threads = new LoopThreads(most: 8, loops: 1)
        {
            Starter = thread =>
            {
                if (Volatile.Read(ref refuses)) throw new InsufficientMemoryException();
                thread.UnsafeStart();
            },
        };
        Assert.True(threads.CanTakeOver);
        threads.Replenish();
        Assert.False(threads.CanTakeOver);

        Volatile.Write(ref refuses, false);
        await Eventually.TrueAsync(() =>
        {
            threads.Replenish();
            return threads.CanTakeOver;
        }, "it is asked again after a while");
    }

    [Fact]
    public async Task After_the_end_nothing_is_posted_and_no_thread_stays()
    {
        var elsewhere = new List<object?>();
        var mayEnd = new ManualResetEventSlim();
        var threads = new LoopThreads(most: 8, loops: 1) { Refused = work => elsewhere.Add(work.State) };
        threads.NeedsThread = threads.Replenish;
        var running = 0;
        void Block(object? state)
        {
            Interlocked.Increment(ref running);
            mayEnd.Wait();
        }
        for (var n = 0; n < 3; n++) Assert.True(threads.TryPost(new Scheduled(Block, null, null)));
        await Eventually.TrueAsync(() => Volatile.Read(ref running) == 3, "they run");
        threads.NeedsThread = null;
        Assert.True(threads.TryPost(new Scheduled(_ => { }, "too late", null)));

        threads.Close();
        Assert.False(threads.TryPost(new Scheduled(_ => { }, null, null)));
        mayEnd.Set();
        await Eventually.TrueAsync(() => threads.Count == 0, "all threads have ended");
        Assert.InRange(elsewhere.Count, 0, 1);
    }
}
