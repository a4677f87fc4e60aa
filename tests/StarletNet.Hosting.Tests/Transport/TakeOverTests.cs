using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StarletNet.Hosting.Transport;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>Applications that keep the thread they are called on, on the loop.</summary>
[Collection(nameof(BlockedThreads))]
public sealed class TakeOverTests : IDisposable
{
    private static readonly TransportOptions Inline = new() { Loop = LoopMode.Inline };

    private readonly ManualResetEventSlim _mayGoOn = new();
    private TestServer _server = null!;

    public void Dispose() => _mayGoOn.Dispose();

    private void Routes(WebApplication app)
    {
        app.MapGet("/", () => "hello");
        app.MapGet("/block", () =>
        {
            _mayGoOn.Wait(Deadlines.Event);
            return "went on";
        });
        app.MapGet("/sleep", () =>
        {
            Thread.Sleep(20);
            return "slept";
        });
        app.MapGet("/compute", () =>
        {
            var until = Environment.TickCount64 + 20;
            while (Environment.TickCount64 < until) Thread.SpinWait(100);
            return "computed";
        });
        app.MapGet("/result", () => Task.Run(async () =>
        {
            await Task.Delay(20);
            return "result";
        }).Result);
        app.MapPost("/length", (HttpContext context) =>
        {
            var all = new MemoryStream();
            context.Request.Body.CopyTo(all);
            return $"{all.Length} bytes";
        });
        app.MapGet("/calls-itself", () =>
        {
            using var client = new HttpClient();
            return "itself says " + client.GetStringAsync($"http://{_server.EndPoint}/").Result;
        });
        app.MapGet("/flushes-then-blocks", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("first;");
            _mayGoOn.Wait(Deadlines.Event);
            await context.Response.WriteAsync("second");
        });
    }

    private async Task<TestServer> Start(TransportOptions options) =>
        _server = await TestServer.Start(Routes, options: options, asWorker: true);

    /// <summary>A connection's first request may run on the pool; the ones after it run on the loop.</summary>
    private RawClient ConnectToLoop()
    {
        var client = _server.Connect();
        client.Get("/");
        Assert.Equal("hello", client.AnswerText());
        return client;
    }

    [Fact]
    public async Task Requests_run_on_the_loop_and_not_on_the_pool()
    {
        var onPool = false;
        await using var server = await TestServer.Start(
            app => app.MapGet("/", () => { onPool = Thread.CurrentThread.IsThreadPoolThread; }), options: Inline);
        using var client = server.Connect();
        var inARow = 0;
        // A request that comes while the thread that answered the one before is not done with it is taken by that thread.
        await Eventually.TrueAsync(() =>
        {
            client.Get("/");
            client.Answer();
            inARow = onPool ? 0 : inARow + 1;
            return inARow == 20;
        }, "requests run on the loop");
    }

    [Fact]
    public async Task A_blocked_handler_blocks_nobody_else()
    {
        await using var server = await Start(Inline);
        using var blocked = ConnectToLoop();
        using var other = ConnectToLoop();
        // Until then the thread of the pool that has answered the first request would take the second, too.
        await Eventually.TrueAsync(() => server.Transport.Connections.All(connection => connection.Input.IsAwaited), "both wait for their client");
        blocked.Get("/block");
        await Eventually.TrueAsync(() => server.Transport.TakeOvers > 0, "the loop is taken over");
        for (var n = 0; n < 20; n++)
        {
            other.Get("/");
            Assert.Equal("hello", other.AnswerText());
        }
        _mayGoOn.Set();

        Assert.Equal("went on", blocked.AnswerText());
        blocked.Get("/");
        Assert.Equal("hello", blocked.AnswerText());
    }

    [Fact]
    public async Task Work_for_a_thread_is_not_forgotten_when_the_monitor_goes_to_sleep()
    {
        await using var server = await Start(Inline);
        using var client = ConnectToLoop();
        // From the third one on for a spare thread, at every distance from the loop's last work; nothing else would wake the monitor.
        for (var n = 0; n < 80; n++)
        {
            client.Get("/sleep");
            Assert.Equal("slept", client.AnswerText());
            Thread.Sleep(n % 5);
        }
    }

    [Fact]
    public async Task A_handler_may_read_its_body_synchronously_before_it_has_come()
    {
        await using var server = await Start(Inline);
        using var client = ConnectToLoop();
        for (var n = 0; n < 3; n++)
        {
            client.Send("POST /length HTTP/1.1\r\nHost: test\r\nContent-Length: 200000\r\n\r\n");
            client.Send(new byte[100_000]);
            // Longer than it takes to notice that the loop is blocked.
            Thread.Sleep(50);
            client.Send(new byte[100_000]);

            Assert.Equal("200000 bytes", client.AnswerText());
        }
    }

    [Theory]
    [InlineData("/result", "result")]
    [InlineData("/calls-itself", "itself says hello")]
    public async Task A_handler_may_wait_for_what_others_do(string path, string expected)
    {
        await using var server = await Start(Inline);
        using var client = ConnectToLoop();
        for (var n = 0; n < 5; n++)
        {
            client.Get(path);
            Assert.Equal(expected, client.AnswerText());
        }
    }

    [Fact]
    public async Task What_was_flushed_reaches_the_client_while_the_handler_blocks()
    {
        await using var server = await Start(Inline);
        using var client = ConnectToLoop();
        client.Get("/flushes-then-blocks");
        var received = "";
        var buffer = new byte[1000];
        while (!received.Contains("first;")) received += System.Text.Encoding.ASCII.GetString(buffer, 0, client.Socket.Receive(buffer));
        _mayGoOn.Set();
        while (!received.Contains("second")) received += System.Text.Encoding.ASCII.GetString(buffer, 0, client.Socket.Receive(buffer));
    }

    [Theory]
    [InlineData("/sleep", Place.Spare)]
    [InlineData("/compute", Place.Pool)]
    public async Task A_route_that_keeps_the_loop_is_sent_elsewhere_and_the_others_are_not(string path, object place)
    {
        await using var server = await Start(Inline);
        using var client = ConnectToLoop();
        var route = BlockingMemory.RouteOf("GET", path);
        // A thread that is not given a processor for a while hides what it does.
        await Eventually.TrueAsync(() =>
        {
            client.Get(path);
            client.Answer();
            return server.Transport.Memory.PlaceOf(route) == (Place)place;
        }, "the route is known");

        var takeOvers = server.Transport.TakeOvers;
        for (var n = 0; n < 5; n++)
        {
            client.Get(path);
            client.Answer();
        }
        Assert.Equal(Place.Loop, server.Transport.Memory.PlaceOf(BlockingMemory.RouteOf("GET", "/")));
        Assert.InRange(server.Transport.TakeOvers - takeOvers, 0, 3);
    }

    [Fact]
    public async Task When_all_threads_block_the_pool_serves_the_others()
    {
        await using var server = await Start(Inline with { MaxThreads = 2 });
        var blocked = Enumerable.Range(0, 6).Select(_ => ConnectToLoop()).ToList();
        using var other = ConnectToLoop();
        foreach (var client in blocked) client.Get("/block");
        await Eventually.TrueAsync(() => server.Transport.TakeOvers > 0, "the loop is taken over");
        for (var n = 0; n < 5; n++)
        {
            other.Get("/");
            Assert.Equal("hello", other.AnswerText());
        }
        Assert.Equal(2, server.Transport.Threads.Count);
        _mayGoOn.Set();

        foreach (var client in blocked)
        {
            Assert.Equal("went on", client.AnswerText());
            client.Dispose();
        }
    }

    [Fact]
    public async Task Several_loops_share_the_listener()
    {
        await using var server = await Start(Inline with { Loops = 3 });
        var clients = Enumerable.Range(0, 60).Select(_ => ConnectToLoop()).ToList();
        foreach (var client in clients)
        {
            client.Get("/");
            Assert.Equal("hello", client.AnswerText());
        }
        foreach (var client in clients) client.Dispose();
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }
}
