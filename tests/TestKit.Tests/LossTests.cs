namespace StarletNet.TestKit.Tests;

/// <summary>Whatever a server may not do to a request counts as lost, and under the right name.</summary>
public sealed class LossTests
{
    private const string Body = "version 1";

    [Fact]
    public async Task A_refused_connection_is_lost()
    {
        var target = Target.Tcp(FreePort.Next());

        Assert.Equal(LossReason.Refused, await ClientRun.FirstLossAsync(target, s => new NewConnectionClient(s)));
    }

    [Fact]
    public async Task A_missing_unix_socket_is_lost()
    {
        using var scratch = new ScratchDirectory();
        var target = Target.Unix(scratch.File("none.sock"));

        Assert.Equal(LossReason.Refused, await ClientRun.FirstLossAsync(target, s => new NewConnectionClient(s)));
    }

    [Fact]
    public Task A_close_without_an_answer_is_lost() => LosesAsync(LossReason.Empty, async c => await c.PathAsync());

    [Fact]
    public Task A_reset_instead_of_an_answer_is_lost() => LosesAsync(LossReason.Reset, async c =>
    {
        await c.PathAsync();
        c.Reset();
    });

    [Fact]
    public Task A_head_cut_off_is_lost() => LosesAsync(LossReason.Truncated, async c =>
    {
        await c.PathAsync();
        await c.WriteAsync("HTTP/1.1 200 OK\r\nContent-Le");
    });

    [Fact]
    public Task A_body_shorter_than_its_length_is_lost() => LosesAsync(LossReason.Truncated, async c =>
    {
        await c.PathAsync();
        await c.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n{Body}");
    });

    [Fact]
    public Task A_chunked_body_without_its_last_chunk_is_lost() => LosesAsync(LossReason.Truncated, async c =>
    {
        await c.PathAsync();
        await c.WriteAsync($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{Body}\r\n");
    });

    [Fact]
    public Task A_reset_within_the_body_is_lost() => LosesAsync(LossReason.Reset, async c =>
    {
        await c.PathAsync();
        await c.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nversion");
        c.Reset();
    });

    [Fact]
    public Task An_error_status_is_lost() => LosesAsync(LossReason.WrongStatus, async c =>
    {
        await c.PathAsync();
        await c.WriteAsync($"HTTP/1.1 503 Service Unavailable\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
    });

    [Fact]
    public Task A_wrong_body_is_lost() => LosesAsync(LossReason.WrongBody, async c =>
    {
        await c.PathAsync();
        await c.AnswerAsync("something else");
    });

    [Theory]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 9\n\n")]
    [InlineData("HTTP/1.1 20 OK\r\nContent-Length: 9\r\n\r\n")]
    [InlineData("HTTP/2.0 200 OK\r\nContent-Length: 9\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +9\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length 9\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnine\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n")]
    public Task What_is_no_http_is_lost(string head) => LosesAsync(LossReason.Malformed, async c =>
    {
        await c.PathAsync();
        await c.WriteAsync(head + Body);
        await c.HeadAsync();
    });

    [Fact]
    public Task Bytes_behind_the_answer_are_lost() => LosesAsync(LossReason.Malformed, async c =>
    {
        while (await c.PathAsync() != null) await c.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {Body.Length}\r\n\r\n{Body}more");
    }, s => new BusyClient(s));

    [Fact]
    public Task A_kept_connection_closed_after_the_next_request_is_lost() => LosesAsync(LossReason.ClosedAfterSend, async c =>
    {
        await c.PathAsync();
        await c.AnswerAsync(Body);
        await c.PathAsync();
    }, s => new BusyClient(s));

    [Fact]
    public async Task An_answer_that_never_comes_is_lost()
    {
        await using var server = RawServer.Start(async c =>
        {
            while (await c.PathAsync() != null)
            {
                // read and say nothing
            }
        });
        var setting = new LoadSetting(server.Target, new LoadPaths(), new Tally(), Seed: 7) { AnswerDeadline = TimeSpan.FromMilliseconds(200) };

        var tally = await ClientRun.UntilAsync(setting, s => new NewConnectionClient(s), t => t.Lost > 0);

        Assert.Equal(LossReason.NoAnswer, tally.Losses[0].Reason);
    }

    [Fact]
    public Task A_close_while_a_new_client_still_waits_to_send_is_lost() =>
        LosesAsync(LossReason.Empty, _ => Task.CompletedTask, s => new ConnectThenWaitClient(s));

    [Fact]
    public Task A_wrong_byte_in_a_large_answer_is_lost() => LosesAsync(LossReason.WrongBody, async c =>
    {
        await c.PathAsync();
        await c.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n");
        await c.WriteAsync([.. Enumerable.Range(0, 3_000_000).Select(i => i == 2_000_000 ? (byte)252 : BytePattern.At(i))]);
    }, s => new LargeAnswerClient(s));

    [Fact]
    public Task A_large_answer_that_is_too_short_is_lost() => LosesAsync(LossReason.WrongBody, async c =>
    {
        await c.PathAsync();
        await c.AnswerPatternAsync(1000);
    }, s => new LargeAnswerClient(s));

    [Fact]
    public Task An_upload_with_another_digest_is_lost() => LosesAsync(LossReason.WrongBody, async c =>
    {
        await c.HeadAsync();
        var body = await c.BytesAsync(200_000);
        await c.AnswerAsync($"{body.Length} {new string('0', 64)}");
    }, s => new SlowUploadClient(s));

    [Fact]
    public Task An_upload_cut_off_is_lost() => LosesAsync(LossReason.Reset, async c =>
    {
        await c.HeadAsync();
        await c.BytesAsync(20_000);
        c.Reset();
    }, s => new SlowUploadClient(s));

    [Fact]
    public Task Pipelined_answers_in_another_order_are_lost() => LosesAsync(LossReason.WrongBody, async c =>
    {
        var first = await LengthAsync(c);
        var second = await LengthAsync(c);
        await c.AnswerPatternAsync(second!.Value);
        await c.AnswerPatternAsync(first!.Value);
    }, s => new PipelinedClient(s));

    [Fact]
    public Task Pipelined_requests_dropped_without_a_word_are_lost() => LosesAsync(LossReason.ClosedAfterSend, async c =>
    {
        for (var i = 0; i < 3; i++) await c.AnswerPatternAsync((await LengthAsync(c))!.Value);
        await c.FinishAsync();
    }, s => new PipelinedClient(s));

    [Fact]
    public Task An_http2_connection_that_ends_without_a_goaway_is_lost() => LosesAsync(LossReason.Reset, async c =>
    {
        await c.BytesAsync(24); // the client's preface
        await c.WriteAsync([0, 0, 0, 4, 0, 0, 0, 0, 0]); // our settings, none
        await c.BytesAsync(60);
    }, s => new Http2Client(s));

    /// <summary>The number at the end of the next request's path.</summary>
    internal static async Task<int?> LengthAsync(RawConnection connection) =>
        await connection.PathAsync() is { } path ? int.Parse(path.Split('=')[1]) : null;

    private static async Task LosesAsync(LossReason reason, Func<RawConnection, Task> script, Func<LoadSetting, LoadClient>? create = null)
    {
        await using var server = RawServer.Start(script);

        Assert.Equal(reason, await ClientRun.FirstLossAsync(server.Target, create ?? (s => new NewConnectionClient(s))));
    }
}
