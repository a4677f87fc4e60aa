using System.Net.WebSockets;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>What a drain finds on HTTP/2 that HTTP/1 does not have; the rest is in <see cref="DrainTests"/>.</summary>
public sealed class Http2DrainTests
{
    /// <summary>
    /// In its opening bytes a client asks for nothing, and what it asks for behind them was sent in good faith. A goodbye before the server's
    /// settings would be a breach of the protocol (RFC 9113, 3.4).
    /// </summary>
    /// <param name="sent">Of the opening, when the drain begins.</param>
    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(Http2Client.PrefaceLength)]
    [InlineData(Http2Client.OpeningLength)]
    public async Task Who_has_asked_for_nothing_yet_hears_the_settings_first_and_gets_an_answer(int sent)
    {
        await using var worker = await Ready(s => s with { DrainKeepAlive = TimeSpan.FromMinutes(1) });
        using var opening = worker.Connect();
        await opening.Send(Http2Client.Opening[..sent]);
        await Begin(worker, await Served(worker));

        using var client = await Http2Client.Over(opening, sent);
        var stream = await client.Get("/pid");
        var frames = await client.UntilEndOf(stream);
        Assert.Equal($"{worker.Pid}", Http2Frame.Body(frames));
        Assert.Equal(stream, await client.Goodbye());
        await client.End();
        client.Dispose();
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task A_websocket_lives_on_until_the_application_stops_and_is_told_to_close_and_not_cut()
    {
        await using var worker = await Ready(s => s with { DrainKeepAlive = TimeSpan.FromMinutes(1) });
        // While it may still ask for something, the application is not stopped.
        using var silent = await Http2Client.Connect(worker.EndPoint);
        using var tunnel = await Http2Tunnel.Open(worker.EndPoint);
        await tunnel.Echoes("before");
        await Begin(worker, await Served(worker));
        // Its own connection, too, has been told to move by now.
        await tunnel.Echoes("in the drain");

        silent.Dispose();
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await tunnel.Goodbye());
        await tunnel.AnswerGoodbye();
        Assert.Equal(0, await worker.Exit());
        Assert.DoesNotContain("unfinished", worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_websocket_whose_client_does_not_answer_the_goodbye_is_listed_and_cut_at_the_graceful_timeout()
    {
        await using var worker = await Ready(s => s with { GracefulTimeout = TimeSpan.FromSeconds(2) });
        using var tunnel = await Http2Tunnel.Open(worker.EndPoint);
        await Begin(worker, await Served(worker));

        await tunnel.Goodbye();
        Assert.Equal(0, await worker.Exit());
        await worker.OutputLine("1 requests are unfinished");
        Assert.Contains("CONNECT /ws (", worker.Output, StringComparison.Ordinal);
    }

    private static Task<WorkerUnderTest> Ready(Func<WorkerSetup, WorkerSetup> change) =>
        WorkerUnderTest.StartReady(change(new WorkerSetup(SampleApp.TestApp) { Http = HttpVersions.Http2 }));

    /// <summary>A connection that is idle, and with it all that came before it accepted.</summary>
    private static async Task<Http2Client> Served(WorkerUnderTest worker)
    {
        var client = await Http2Client.Connect(worker.EndPoint);
        await client.UntilEndOf(await client.Get("/"));
        return client;
    }

    /// <summary>Begins a drain and waits until it has looked at the connections: one that has served is told to move at once, and ends.</summary>
    private static async Task Begin(WorkerUnderTest worker, Http2Client served)
    {
        worker.Tell(ControlMessage.Drain);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        await served.Goodbye();
        await served.End();
        served.Dispose();
    }
}
