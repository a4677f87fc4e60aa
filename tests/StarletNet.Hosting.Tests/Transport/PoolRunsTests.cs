using Microsoft.AspNetCore.Builder;
using StarletNet.Hosting.Transport;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>Application code that keeps threads of the pool waiting.</summary>
[Collection(nameof(BlockedThreads))]
public sealed class PoolRunsTests
{
    private const int Route = 7;

    private readonly BlockingMemory _memory = new();

    private async Task<int> LookUntilHeldAsync(PoolRuns runs)
    {
        var held = 0;
        // A collection between two looks makes them void.
        await Eventually.TrueAsync(() => (held = runs.Look(collections: 0)) > 0, "the wait is seen");
        return held;
    }

    [Fact]
    public async Task A_run_that_waits_is_found_before_it_ends_and_counts_once()
    {
        var runs = new PoolRuns(_memory);
        using var mayEnd = new ManualResetEventSlim();
        using var isInside = new ManualResetEventSlim();
        var run = Task.Run(() =>
        {
            var thread = runs.Enter(null, Route)!;
            isInside.Set();
            mayEnd.Wait(Deadlines.Event);
            return thread.Leave();
        });
        Assert.True(isInside.Wait(Deadlines.Event));
        Assert.False(runs.AreQuiet);

        Assert.Equal(1, await LookUntilHeldAsync(runs));
        Assert.True(_memory.Suspects(Route));
        Assert.True(runs.AreQuiet);
        for (var look = 0; look < 5; look++) Assert.Equal(1, runs.Look(collections: 0));
        // A second observation of the same run would have sent it away.
        Assert.Equal(Place.Loop, _memory.PlaceOf(Route));
        mayEnd.Set();

        Assert.True(await run);
        Assert.Equal(0, runs.Look(collections: 0));
    }

    [Fact]
    public async Task A_run_that_computes_is_nobodys_business()
    {
        var runs = new PoolRuns(_memory);
        var (hasLooked, isInside) = (false, false);
        var run = Task.Run(() =>
        {
            var thread = runs.Enter(null, Route)!;
            Volatile.Write(ref isInside, true);
            while (!Volatile.Read(ref hasLooked)) Thread.SpinWait(100);
            return thread.Leave();
        });
        await Eventually.TrueAsync(() => Volatile.Read(ref isInside), "it runs");
        for (var look = 0; look < 20; look++)
        {
            Assert.Equal(0, runs.Look(GC.CollectionCount(0)));
            Assert.False(runs.AreQuiet);
        }
        Volatile.Write(ref hasLooked, true);

        Assert.False(await run);
        Assert.True(runs.AreQuiet);
        Assert.True(_memory.IsEmpty);
    }

    [Fact]
    public async Task A_thread_that_has_nothing_to_run_or_runs_something_else_each_time_does_not_wait()
    {
        var runs = new PoolRuns(_memory);
        using var next = new SemaphoreSlim(0);
        using var done = new SemaphoreSlim(0);
        var run = Task.Run(() =>
        {
            for (var n = 0; n < 10; n++)
            {
                var thread = runs.Enter(null, Route)!;
                done.Release();
                next.Wait(Deadlines.Event);
                Assert.False(thread.Leave());
            }
        });
        for (var n = 0; n < 10; n++)
        {
            Assert.True(await done.WaitAsync(Deadlines.Event));
            Assert.Equal(0, runs.Look(collections: 0));
            Assert.Equal(0, runs.Look(collections: 0));
            next.Release();
        }
        await run;
        for (var look = 0; look < 10; look++) Assert.Equal(0, runs.Look(collections: 0));
        Assert.True(runs.AreQuiet);
        Assert.True(_memory.IsEmpty);
    }

    [Fact]
    public void The_workers_own_threads_are_not_the_pools()
    {
        var runs = new PoolRuns(_memory);
        PoolThread? entered = null;
        var thread = new Thread(() =>
        {
            new LoopThread().BecomeCurrent();
            entered = runs.Enter(null, Route);
        });
        thread.Start();
        thread.Join();

        Assert.Null(entered);
        Assert.True(runs.AreQuiet);
    }

    [Fact]
    public async Task What_waits_behind_runs_that_wait_for_each_other_is_given_other_threads()
    {
        const int Together = 150;
        using var all = new CountdownEvent(Together);
        var onPool = 0;
        await using var server = await TestServer.Start(app =>
        {
            app.MapGet("/", () => "hello");
            app.MapGet("/together", () =>
            {
                if (Thread.CurrentThread.IsThreadPoolThread) Interlocked.Increment(ref onPool);
                all.Signal();
                return all.Wait(Deadlines.Event) ? "together" : "alone";
            });
        }, options: new TransportOptions { Loop = LoopMode.Inline }, asWorker: true);
        var clients = Enumerable.Range(0, Together).Select(_ => server.Connect()).ToList();
        foreach (var client in clients)
        {
            client.Get("/");
            client.Answer();
        }
        // Held for one that computes, as a route is whose code is compiled at its first requests.
        var route = BlockingMemory.RouteOf("GET", "/together");
        for (var n = 0; n < 2; n++) server.Transport.Memory.Observe(route, Place.Pool);
        Assert.Equal(Place.Pool, server.Transport.Memory.PlaceOf(route));

        foreach (var client in clients) client.Get("/together");
        foreach (var client in clients)
        {
            Assert.Equal("together", client.AnswerText());
            client.Dispose();
        }
        Assert.Equal(Place.Spare, server.Transport.Memory.PlaceOf(route));
        // The pool itself would have had to start a thread for each.
        Assert.InRange(onPool, 1, Together - 1);
    }
}
