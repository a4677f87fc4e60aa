using System.Net.WebSockets;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>A worker that drains and may keep upgraded connections for ten minutes.</summary>
public sealed class LingeringDrainTests
{
    private const string Drain = ControlMessage.Drain + " 600000";

    [Fact]
    public async Task WebSockets_stay_while_everything_else_drains_until_the_stop()
    {
        await using var worker = await Ready(s => s with { GracefulTimeout = TimeSpan.FromSeconds(4), DrainKeepAlive = TimeSpan.FromMilliseconds(500) });
        using var first = await WebSocket(worker);
        using var second = await WebSocket(worker);
        using var stream = worker.Connect();
        await stream.Get("/sse");
        await stream.Head();
        using var slow = worker.Connect();
        await slow.Get("/slow?ms=1000");
        using var idle = worker.Connect();
        await idle.Get("/");
        await idle.Response();
        await Begin(worker);

        var answer = await slow.Response();
        Assert.Equal(("slow\n", true), (answer.Body, answer.AnnouncesClose));
        await idle.End();
        // An event stream is a request: it has the graceful timeout.
        await worker.OutputLine("1 requests are unfinished");
        Assert.Contains("GET /sse (", worker.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("GET /ws (", worker.Output, StringComparison.Ordinal);

        Assert.Equal("lingering 2", await worker.NextMessage());
        await Echo(first);
        await Echo(second);
        second.Dispose();
        Assert.Equal("lingering 1", await worker.NextMessage());
        await Echo(first);

        worker.Tell(ControlMessage.Drain);
        Assert.Equal("lingering 0", await worker.NextMessage());
        await GoodbyeAsync(first);
        Assert.Equal(0, await worker.Exit());
        Assert.DoesNotContain("GET /ws (", worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Their_goodbye_comes_when_their_time_is_over()
    {
        await using var worker = await Ready(s => s with { DrainKeepAlive = TimeSpan.FromMilliseconds(100) });
        using var client = await WebSocket(worker);
        await Begin(worker, ControlMessage.Drain + " 2000");
        Assert.Equal("lingering 1", await worker.NextMessage());
        await GoodbyeAsync(client);
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task Their_goodbye_comes_when_the_master_is_gone()
    {
        await using var worker = await Ready(s => s);
        using var client = await WebSocket(worker);
        await Begin(worker);
        Assert.Equal("lingering 1", await worker.NextMessage());
        worker.CloseControl();
        await GoodbyeAsync(client);
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task The_worker_goes_when_the_last_of_them_goes()
    {
        await using var worker = await Ready(s => s);
        using var client = await WebSocket(worker);
        await Begin(worker);
        Assert.Equal("lingering 1", await worker.NextMessage());
        client.Dispose();
        Assert.Equal("lingering 0", await worker.NextMessage());
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task A_WebSocket_over_HTTP_2_stays_and_the_request_beside_it_is_cut_at_the_graceful_timeout()
    {
        await using var worker = await Ready(s => s with { Http = HttpVersions.Http2, GracefulTimeout = TimeSpan.FromSeconds(2) });
        using var tunnel = await Http2Tunnel.Open(worker.EndPoint);
        var beside = tunnel.Get("/slow?ms=600000");
        await tunnel.Echoes("before");
        // It has arrived when the worker lists it.
        worker.Tell(ControlMessage.Report);
        await worker.OutputLine("GET /slow (");
        await Begin(worker);

        await worker.OutputLine("1 requests are unfinished");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => beside);
        Assert.Equal("lingering 1", await worker.NextMessage());
        await tunnel.Echoes("after");

        worker.Tell(ControlMessage.Drain);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await tunnel.Goodbye());
        await tunnel.AnswerGoodbye();
        Assert.Equal(0, await worker.Exit());
    }

    private static Task<WorkerUnderTest> Ready(Func<WorkerSetup, WorkerSetup> change) => WorkerUnderTest.StartReady(change(new WorkerSetup(SampleApp.TestApp)));

    private static async Task Begin(WorkerUnderTest worker, string drain = Drain)
    {
        worker.Tell(drain);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
    }

    private static async Task<RawClient> WebSocket(WorkerUnderTest worker)
    {
        var client = worker.Connect();
        await client.Send("GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        Assert.Equal(101, (await client.Head()).Status);
        await Echo(client);
        return client;
    }

    // A text frame, masked with zeros.
    private static async Task Echo(RawClient client)
    {
        await client.Send([0x81, 0x84, 0, 0, 0, 0, .. "echo"u8]);
        Assert.Equal([0x81, 0x04, .. "echo"u8], await client.Bytes(6));
    }

    /// <summary>Code 1001, "going away", which the client answers.</summary>
    private static async Task GoodbyeAsync(RawClient client)
    {
        var head = await client.Bytes(2);
        Assert.Equal(0x88, head[0]);
        Assert.Equal([0x03, 0xE9], (await client.Bytes(head[1]))[..2]);
        await client.Send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9]);
        await client.End();
    }
}
