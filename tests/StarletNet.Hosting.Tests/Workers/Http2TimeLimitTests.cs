using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>HTTP/2 has one reader for all its requests, so what a connection waits for is found out in another way than in <see cref="TimeLimitTests"/>.</summary>
public sealed class Http2TimeLimitTests
{
    private const int Idle = 400;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task An_idle_connection_is_told_and_closed(int requests)
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By($"keepalive-timeout={Idle}") with { Http = HttpVersions.Http2 });
        Http2Client http2 = null!;
        await Limited.Takes(worker, Idle, async client =>
        {
            http2 = await Http2Client.Over(client);
            for (var left = requests; left > 0; left--) await http2.UntilEndOf(await http2.Get("/"));
        }, async _ =>
        {
            Assert.Equal(Math.Max(0, (2 * requests) - 1), await http2.Goodbye());
            await http2.End();
        });
    }

    [Fact]
    public async Task A_connection_with_a_request_is_not_idle()
    {
        const int mostTries = 10;
        await using var worker = await WorkerUnderTest.StartReady(Limited.By($"keepalive-timeout={Idle}") with { Http = HttpVersions.Http2 });
        for (var tries = 1; ; tries++)
        {
            using var http2 = await Http2Client.Connect(worker.EndPoint);
            try
            {
                // Longer than a connection without one may live. It may come too late for its connection, on a machine that has other things to do.
                var slow = await http2.Get($"/slow?ms={3 * Idle}");
                var frames = await http2.UntilEndOf(slow);
                if (tries < mostTries && frames.Exists(frame => frame.Type == Http2Frame.GoAway)) continue;
                Assert.DoesNotContain(frames, frame => frame.Type == Http2Frame.GoAway);
                Assert.Equal(slow, await http2.Goodbye());
                await http2.End();
                return;
            }
            catch (IOException) when (tries < mostTries)
            {
                // Much too late: it was gone.
            }
        }
    }

    [Fact]
    public async Task A_WebSocket_is_no_request_that_takes_too_long_and_one_beside_it_is()
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By("request-timeout=4000") with { Http = HttpVersions.Http2 });
        using var tunnel = await Http2Tunnel.Open(worker.EndPoint);

        // Begun later, and cut when its time is over.
        await Assert.ThrowsAsync<HttpRequestException>(() => tunnel.Get("/slow?ms=60000"));

        await tunnel.Echoes("still here");
        Assert.DoesNotContain("/ws", worker.Output, StringComparison.Ordinal);
    }

    /// <summary>HTTP/1 has a clock of ours for that.</summary>
    [Theory]
    [InlineData("timeout=700", "none")]
    [InlineData("keepalive-timeout=700", "240")]
    public async Task Kestrel_s_rate_is_put_aside_where_we_measure(string settings, string rate)
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By(settings));
        using var client = worker.Connect();
        for (var request = 0; request < 2; request++)
        {
            await client.Get("/answer-rate");
            Assert.Equal(rate, (await client.Response()).Body);
        }
    }
}
