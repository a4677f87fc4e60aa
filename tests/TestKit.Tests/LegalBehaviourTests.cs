using System.Security.Cryptography;

namespace StarletNet.TestKit.Tests;

/// <summary>What HTTP allows a server does not count as lost.</summary>
public sealed class LegalBehaviourTests
{
    private const string Body = "version 1";

    [Fact]
    public async Task An_idle_connection_closed_before_the_next_request_is_no_loss()
    {
        await using var server = RawServer.Start(async c =>
        {
            await c.PathAsync();
            await c.AnswerAsync(Body); // and close: the client says nothing for at least 300 ms
        });

        var tally = await ClientRun.AnswersAsync(server.Target, 3, s => new SlowIdleClient(s));

        Assert.Contains("2 closed while idle", tally.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_announced_close_is_no_loss_and_is_counted()
    {
        await using var server = RawServer.Start(async c =>
        {
            await c.PathAsync();
            await c.AnswerAsync(Body);
            await c.PathAsync();
            await c.AnswerAsync(Body, "Connection: close\r\n");
        });

        var tally = await ClientRun.AnswersAsync(server.Target, 6, s => new BusyClient(s with { Paths = new LoadPaths { Pid = null } }));

        Assert.True(tally.ToldToCloseBy("keep-alive busy") >= 3, tally.ToString());
    }

    [Theory]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nversion 1")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nversion 1")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nversion 1")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: Close\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nvers\r\n5\r\nion 1\r\n0\r\nA: b\r\n\r\n")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200\r\ncontent-length:9\r\nconnection:close\r\n\r\nversion 1")]
    public async Task Every_legal_form_of_an_answer_is_read(string answer)
    {
        await using var server = RawServer.Start(async c =>
        {
            await c.PathAsync();
            await c.WriteAsync(answer);
        });

        var tally = await ClientRun.AnswersAsync(server.Target, 3, s => new BusyClient(s with { Paths = new LoadPaths { Pid = null } }));

        Assert.Equal(["1"], tally.Versions);
    }

    [Fact]
    public async Task Versions_and_pids_are_told_in_the_order_seen()
    {
        var asked = 0;
        await using var server = RawServer.Start(async c =>
        {
            while (await c.PathAsync() is { } path) await c.AnswerAsync(path == "/pid" ? $"{4000 + (asked / 20)}\n" : $"hello, version {1 + (asked++ / 20)}!");
        });

        var tally = await ClientRun.AnswersAsync(server.Target, 50, s => new BusyClient(s));

        Assert.Equal(["1", "2", "3"], tally.Versions.Take(3));
        Assert.Equal([4000, 4001, 4002], tally.Pids.Take(3));
    }

    [Fact]
    public async Task Pipelined_requests_behind_an_announced_close_are_sent_again()
    {
        await using var server = RawServer.Start(async c =>
        {
            for (var i = 1; await LossTests.LengthAsync(c) is { } length; i++)
            {
                await c.AnswerPatternAsync(length, i == 3 ? "Connection: close\r\n" : "");
                if (i < 3) continue;
                await c.FinishAsync();
                return;
            }
        });

        var tally = await ClientRun.AnswersAsync(server.Target, 16, s => new PipelinedClient(s));

        Assert.True(tally.ToldToCloseBy("pipelined") >= 5, tally.ToString());
    }

    [Fact]
    public async Task Uploads_are_verified_with_a_length_and_chunked()
    {
        var chunked = 0;
        await using var server = RawServer.Start(async c =>
        {
            while (await c.HeadAsync() is { } head)
            {
                var isChunked = head.Contains("chunked", StringComparison.Ordinal);
                if (isChunked) chunked++;
                var body = isChunked ? await c.ChunkedAsync() : await c.BytesAsync(200_000);
                await c.AnswerAsync($"{body.Length} {Convert.ToHexString(SHA256.HashData(body))}");
            }
        });

        await ClientRun.AnswersAsync(server.Target, 2, s => new SlowUploadClient(s));

        Assert.True(chunked > 0);
    }

    [Fact]
    public async Task A_large_answer_is_read_to_the_end()
    {
        await using var server = RawServer.Start(async c =>
        {
            while (await LossTests.LengthAsync(c) is { } length) await c.AnswerPatternAsync(length);
        });

        await ClientRun.AnswersAsync(server.Target, 1, s => new LargeAnswerClient(s));
    }

    [Fact]
    public async Task All_kinds_run_together_over_a_unix_socket()
    {
        using var scratch = new ScratchDirectory();
        await using var server = RawServer.StartUnix(scratch.File("s"), ExampleApplication.ServeAsync);
        await using var load = LoadMix.Start(server.Target, seed: 1);

        await load.EveryKindAnsweredAgainAsync();
        var tally = await load.StopAsync();

        Assert.True(tally.Lost == 0, tally.ToString());
        Assert.Equal(9, tally.Clients.Count);
    }

    [Fact]
    public async Task A_loss_in_the_mixture_is_described_with_its_client()
    {
        await using var server = RawServer.Start(c => c.Number == 5 ? Task.CompletedTask : ExampleApplication.ServeAsync(c));
        await using var load = LoadMix.Start(server.Target, seed: 1);

        await load.EveryKindAnsweredAgainAsync();
        var tally = await load.StopAsync();

        Assert.True(tally.Lost == 1, tally.ToString());
        Assert.Contains("lost at", tally.ToString(), StringComparison.Ordinal);
        Assert.Contains(tally.Losses[0].Client, tally.Clients);
    }
}
