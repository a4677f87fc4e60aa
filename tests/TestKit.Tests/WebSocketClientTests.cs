namespace StarletNet.TestKit.Tests;

public sealed class WebSocketClientTests
{
    [Fact]
    public async Task A_close_frame_is_no_loss_and_the_client_connects_anew()
    {
        await using var server = Start(async c =>
        {
            await RawWebSocket.EchoAsync(c, 3);
            await RawWebSocket.SendAsync(c, RawWebSocket.Ping, [1]);
            await RawWebSocket.SendAsync(c, RawWebSocket.Close, [0x03, 0xe9]);
            await c.FinishAsync();
        });

        var tally = await ClientRun.UntilAsync(server.Target, s => new WebSocketClient(s), t => t.Lost > 0 || t.Answered >= 8);

        Assert.True(tally.Lost == 0, tally.ToString());
        Assert.True(tally.ToldToCloseBy("WebSocket") >= 2, tally.ToString());
    }

    [Fact]
    public async Task Stopping_says_goodbye_to_the_server()
    {
        var goodbye = new TaskCompletionSource<int>();
        await using var server = Start(async c =>
        {
            while (await RawWebSocket.ReadAsync(c) is var (opcode, payload))
            {
                await RawWebSocket.SendAsync(c, opcode, payload);
                if (opcode == RawWebSocket.Close) goodbye.TrySetResult((payload[0] << 8) | payload[1]);
            }
        });

        var tally = await ClientRun.AnswersAsync(server.Target, 2, s => new WebSocketClient(s));

        Assert.Equal(1000, await goodbye.Task.WaitAsync(Deadlines.Event, TestContext.Current.CancellationToken));
        Assert.Equal(0, tally.Lost);
    }

    [Fact]
    public Task An_end_without_a_close_frame_is_a_cut() => LosesAsync(LossReason.Cut, c => RawWebSocket.EchoAsync(c, 2));

    [Fact]
    public Task A_reset_is_a_cut() => LosesAsync(LossReason.Cut, async c =>
    {
        await RawWebSocket.EchoAsync(c, 2);
        c.Reset();
    });

    [Fact]
    public Task Another_message_than_ours_is_lost() => LosesAsync(LossReason.WrongBody, async c =>
    {
        await RawWebSocket.ReadAsync(c);
        await RawWebSocket.SendAsync(c, 1, [65]);
        await c.HeadAsync();
    });

    [Fact]
    public async Task A_refused_upgrade_is_lost()
    {
        await using var server = RawServer.Start(async c =>
        {
            await c.HeadAsync();
            await c.AnswerAsync("no WebSocket here");
        });

        Assert.Equal(LossReason.WrongStatus, await ClientRun.FirstLossAsync(server.Target, s => new WebSocketClient(s)));
    }

    private static async Task LosesAsync(LossReason reason, Func<RawConnection, Task> script)
    {
        await using var server = Start(script);

        Assert.Equal(reason, await ClientRun.FirstLossAsync(server.Target, s => new WebSocketClient(s)));
    }

    private static RawServer Start(Func<RawConnection, Task> script) => RawServer.Start(async c =>
    {
        if (await c.HeadAsync() is not { } head) return;
        await RawWebSocket.AcceptAsync(c, head);
        await script(c);
    });
}
