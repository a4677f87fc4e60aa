using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StarletNet.Hosting.Transport;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>Output that a thread away from the loops holds until it comes back to the connection.</summary>
public sealed class HeldOutputTests : IDisposable
{
    private readonly List<int> _sent = [];
    private readonly HeldOutputs _held = new();
    private readonly EpollLoop _loop;
    private readonly LoopMonitor _monitor;

    public HeldOutputTests()
    {
        var threads = new LoopThreads(most: 2, loops: 1);
        _loop = new EpollLoop(new ConnectionSet(null), threads, new BlockingMemory(), new ElsewhereDispatch(threads, new PoolDispatch(), new PoolRuns(new BlockingMemory())), _held);
        _loop.Start([]);
        // Not started: the tests look themselves.
        _monitor = new LoopMonitor([_loop], threads);
        _held.Monitor = _monitor;
    }

    public void Dispose()
    {
        _loop.Dispose();
        _monitor.Start();
        _monitor.Dispose();
    }

    private sealed class Answering(int route) : IRouteSource
    {
        public int CurrentRoute => route;

        public bool AnswersOne { get; set; } = true;
    }

    private OutputDispatch NewOutput(int route = 7) => new(_loop) { Routes = new Answering(route) };

    private OutputDispatch Flushed(int number) => Flush(NewOutput(), number);

    private OutputDispatch Flush(OutputDispatch output, int number)
    {
        output.Schedule(_ => _sent.Add(number), null);
        return output;
    }

    /// <summary>All on one thread of the pool.</summary>
    private static Task OnPool(Action test) => Task.Run(test);

    private static void OnThread(Action test)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(test));
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    [Fact]
    public Task It_is_sent_when_the_thread_comes_back_to_the_connection() => OnPool(() =>
    {
        var output = Flushed(1);
        Assert.Empty(_sent);
        Assert.False(_held.AreQuiet);

        output.Collect();
        Assert.Equal([1], _sent);
        Assert.True(_held.AreQuiet);
        output.Collect();
        Assert.Equal([1], _sent);
        // Held again, for as long as the thread comes back.
        Flush(output, 2);
        Assert.Equal([1], _sent);
        output.Collect();
        Assert.Equal([1, 2], _sent);
    });

    [Fact]
    public void A_spare_thread_holds_it_too() => OnThread(() =>
    {
        new LoopThread().BecomeCurrent();
        var output = Flushed(1);
        Assert.Empty(_sent);
        output.Collect();
        Assert.Equal([1], _sent);
    });

    [Fact]
    public void A_thread_of_the_applications_does_not() => OnThread(() =>
    {
        Flushed(1);
        Assert.Equal([1], _sent);
    });

    [Fact]
    public Task Nor_does_anybody_where_nobody_looks() => OnPool(() =>
    {
        _held.Monitor = null;
        Flushed(1);
        Assert.Equal([1], _sent);
    });

    [Fact]
    public Task Nor_is_held_what_is_no_answer() => OnPool(() =>
    {
        var answering = new Answering(7) { AnswersOne = false };
        var output = new OutputDispatch(_loop) { Routes = answering };
        Flush(output, 1);
        Assert.Equal([1], _sent);
        answering.AnswersOne = true;
        Flush(output, 2);
        Assert.Equal([1], _sent);
        output.Collect();
        Flush(new OutputDispatch(_loop), 3);
        Assert.Equal([1, 2, 3], _sent);
    });

    [Fact]
    public Task Who_turns_to_another_connection_sends_what_he_held_of_the_first() => OnPool(() =>
    {
        var first = Flushed(1);
        var second = Flushed(2);
        Assert.Equal([1], _sent);
        Assert.False(first.IsHeld);
        second.Collect();
        Assert.Equal([1, 2], _sent);
    });

    [Fact]
    public Task Who_awaits_something_else_releases_it() => OnPool(() =>
    {
        Flushed(1);
        OutputHold.Release();
        Assert.Equal([1], _sent);
        OutputHold.Release();
        Assert.Equal([1], _sent);
    });

    [Fact]
    public Task The_monitor_sends_what_nobody_comes_back_for_at_the_second_look() => OnPool(() =>
    {
        Flushed(1);
        _held.Look();
        Assert.Empty(_sent);
        _held.Look();
        Assert.Equal([1], _sent);
        _held.Look();
        Assert.Equal([1], _sent);
    });

    [Fact]
    public Task What_is_flushed_between_two_looks_is_another_one() => OnPool(() =>
    {
        var output = Flushed(1);
        _held.Look();
        output.Collect();
        Flush(output, 2);
        _held.Look();
        Assert.Equal([1], _sent);
        _held.Look();
        Assert.Equal([1, 2], _sent);
    });

    [Fact]
    public Task Nothing_more_of_an_answer_is_held_that_was_left() => OnPool(() =>
    {
        // Of which nothing can be remembered for others.
        var output = NewOutput(route: 0);
        Flush(output, 1);
        _held.Look();
        _held.Look();
        Flush(output, 2);
        Flush(output, 3);
        Assert.Equal([1, 2, 3], _sent);
        output.CollectBeforeWait();
        Flush(output, 4);
        Assert.Equal([1, 2, 3], _sent);
        output.Collect();
    });

    [Fact]
    public Task Nor_of_the_next_answers_for_its_route() => OnPool(() =>
    {
        Flushed(1);
        _held.Look();
        _held.Look();
        for (var answer = 0; answer < HeldOutputs.Remembered; answer++)
        {
            var other = NewOutput();
            _sent.Clear();
            // Of one answer however many.
            for (var flush = 1; flush <= 3; flush++) Flush(other, flush);
            Assert.Equal([1, 2, 3], _sent);
        }
        Assert.True(Flushed(4).IsHeld);

        // Another route's are.
        _held.Look();
        _held.Look();
        Assert.True(Flush(NewOutput(route: 8), 5).IsHeld);
    });

    [Fact]
    public async Task A_thread_that_has_ended_is_forgotten()
    {
        for (var n = 0; n < 3; n++)
        {
            OnThread(() =>
            {
                new LoopThread().BecomeCurrent();
                Flushed(1);
            });
        }
        // The runtime says so a moment later.
        await Eventually.TrueAsync(() =>
        {
            _held.Look();
            return _held.Threads == 0;
        }, "none is left");
        Assert.True(_held.AreQuiet);
        Assert.Equal([1, 1, 1], _sent);
    }

    [Fact]
    public async Task What_several_threads_hold_and_collect_at_once_is_sent_once_and_not_forgotten()
    {
        const int Rounds = 20_000;
        var output = NewOutput(route: 0);
        var (flushed, sent) = (0, 0);
        using var stop = new CancellationTokenSource();
        var others = Enumerable.Range(0, 2).Select(kind => Task.Factory.StartNew(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (kind == 0) output.CollectBeforeWait();
                else _held.Look();
                Thread.Yield();
            }
        }, TaskCreationOptions.LongRunning)).ToList();
        await OnPool(() =>
        {
            for (var round = 1; round <= Rounds; round++)
            {
                // As a pipe does: not before the one before has been taken.
                output.Schedule(_ => Interlocked.Increment(ref sent), null);
                flushed++;
                if (round % 3 == 0) output.Run();
                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref sent) == flushed, Deadlines.Event), $"{flushed} flushed, {sent} sent");
            }
        });
        await stop.CancelAsync();
        await Task.WhenAll(others);
        Assert.Equal(Rounds, sent);
    }

    [Theory]
    [InlineData("/blocks")]
    [InlineData("/awaits")]
    [InlineData("/goes-on-and-blocks")]
    [InlineData("/goes-on-and-awaits")]
    public async Task What_was_flushed_reaches_the_client_whatever_the_handler_does_next(string path)
    {
        using var mayGoOn = new SemaphoreSlim(0);
        await using var server = await TestServer.Start(app =>
        {
            app.MapGet("/", () => "hello");
            app.MapGet("/blocks", async (HttpContext context) =>
            {
                await context.Response.WriteAsync("first;");
                mayGoOn.Wait(Deadlines.Event);
                await context.Response.WriteAsync("second");
            });
            app.MapGet("/awaits", async (HttpContext context) =>
            {
                await context.Response.WriteAsync("first;");
                await mayGoOn.WaitAsync(Deadlines.Event);
                await context.Response.WriteAsync("second");
            });
            app.MapGet("/goes-on-and-blocks", async (HttpContext context) =>
            {
                await Task.Yield();
                await context.Response.WriteAsync("first;");
                mayGoOn.Wait(Deadlines.Event);
                await context.Response.WriteAsync("second");
            });
            app.MapGet("/goes-on-and-awaits", async (HttpContext context) =>
            {
                await Task.Yield();
                await context.Response.WriteAsync("first;");
                await mayGoOn.WaitAsync(Deadlines.Event);
                await context.Response.WriteAsync("second");
            });
        }, options: new TransportOptions { Loop = LoopMode.Inline }, asWorker: true);
        var buffer = new byte[1000];
        // The first request of a connection runs on the pool, the next ones on the loop or a spare thread.
        using var client = server.Connect();
        for (var request = 0; request < 5; request++)
        {
            client.Get(path);
            var received = Receive("first;");
            Assert.DoesNotContain("second", received);
            mayGoOn.Release();
            Receive("second");
            Receive("0\r\n\r\n");
        }

        string Receive(string last)
        {
            var text = "";
            while (!text.Contains(last, StringComparison.Ordinal))
            {
                var count = client.Socket.Receive(buffer, 1, default);
                Assert.NotEqual(0, count);
                text += Encoding.ASCII.GetString(buffer, 0, count);
            }
            return text;
        }
    }

    [Fact]
    public async Task An_answer_in_pieces_leaves_the_pool_as_one()
    {
        await using var server = await TestServer.Start(app => app.MapGet("/", async (HttpContext context) =>
        {
            await Task.Yield();
            for (var piece = 0; piece < 10; piece++) await context.Response.WriteAsync($"piece {piece};");
        }), options: new TransportOptions { Loop = LoopMode.Inline }, asWorker: true);
        using var client = server.Connect();
        var buffer = new byte[10_000];
        var whole = 0;
        // One that was left once too long is sent at once for a while.
        await Eventually.TrueAsync(() =>
        {
            client.Get("/");
            var text = Encoding.ASCII.GetString(buffer, 0, client.Socket.Receive(buffer));
            var isWhole = text.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
            while (!text.EndsWith("0\r\n\r\n", StringComparison.Ordinal)) text += Encoding.ASCII.GetString(buffer, 0, client.Socket.Receive(buffer));
            whole = isWhole ? whole + 1 : 0;
            return whole == 20;
        }, "twenty answers in a row come in one piece");
    }

    [Fact]
    public async Task The_last_answer_of_a_connection_is_sent_before_it_closes()
    {
        await using var server = await TestServer.Start(app => app.MapGet("/", async () =>
        {
            await Task.Yield();
            return "hello";
        }), options: new TransportOptions { Loop = LoopMode.Inline }, asWorker: true);
        for (var n = 0; n < 50; n++)
        {
            using var client = server.Connect();
            client.Get("/", "Connection: close\r\n");
            Assert.Equal("hello", client.AnswerText());
        }
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }
}
