using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>
/// Each kind of connection that a drain may find, for each way in which a drain begins. In every case the client goes on
/// after the drain has begun, and must get what it is owed.
/// </summary>
public sealed class DrainTests
{
    public enum Trigger
    {
        Word,
        Term,
        MasterGone,
    }

    public static TheoryData<Trigger> Triggers => [Trigger.Word, Trigger.Term, Trigger.MasterGone];

    [Theory, MemberData(nameof(Triggers))]
    public async Task A_connection_accepted_without_a_byte_gets_its_answer(Trigger trigger)
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        // Answered on another connection: the first one has been accepted by now, since there is one queue.
        await Answer(worker);
        await Begin(worker, trigger);
        await client.Get("/");
        Assert.True((await client.Response()).AnnouncesClose);
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task An_idle_connection_may_send_one_more_request(Trigger trigger)
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Get("/");
        Assert.False((await client.Response()).AnnouncesClose);
        await Begin(worker, trigger);
        await client.Get("/");
        Assert.True((await client.Response()).AnnouncesClose);
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task A_silent_idle_connection_is_closed_when_the_grace_ends(Trigger trigger)
    {
        await using var worker = await Ready(s => s with { DrainKeepAlive = TimeSpan.FromMilliseconds(500) });
        using var client = worker.Connect();
        await client.Get("/");
        await client.Response();
        await Begin(worker, trigger);
        await Over(worker, client);
    }

    [Fact]
    public async Task What_an_application_makes_of_a_close_keeps_none_from_ending()
    {
        await using var worker = await Ready(s => s with { DrainKeepAlive = TimeSpan.FromMilliseconds(200) });
        using var first = worker.Connect();
        using var second = worker.Connect();
        foreach (var client in new[] { first, second })
        {
            await client.Get("/close-callback");
            await client.Response();
        }
        await Begin(worker, Trigger.Word);
        await first.End();
        first.Dispose();
        await Over(worker, second);
        await worker.OutputLine("not to be told", times: 2);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task Half_a_head_is_waited_for_beyond_the_grace(Trigger trigger)
    {
        await using var worker = await Ready(s => s with { DrainKeepAlive = TimeSpan.FromMilliseconds(200) });
        using var client = worker.Connect();
        using var idle = worker.Connect();
        await idle.Get("/");
        await idle.Response();
        await client.Send("GET / HTTP/1.1\r\nHo");
        await Answer(worker);
        await Begin(worker, trigger);
        // The grace has ended when the idle connection is closed.
        await idle.End();
        idle.Dispose();
        await client.Send("st: test\r\n\r\n");
        Assert.True((await client.Response()).AnnouncesClose);
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task Half_a_body_is_waited_for_beyond_the_grace(Trigger trigger)
    {
        await using var worker = await Ready(s => s with { DrainKeepAlive = TimeSpan.FromMilliseconds(200) });
        using var client = worker.Connect();
        using var idle = worker.Connect();
        await idle.Get("/");
        await idle.Response();
        await client.Send("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello");
        await Answer(worker);
        await Begin(worker, trigger);
        await idle.End();
        idle.Dispose();
        await client.Send("world");
        var response = await client.Response();
        Assert.StartsWith("10 936a185caaa266bb9cbe981e9e05cb78", response.Body, StringComparison.Ordinal);
        Assert.True(response.AnnouncesClose);
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task A_body_is_taken_to_its_end_though_the_answer_has_begun_and_announced_the_close(Trigger trigger)
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 15\r\n\r\n");
        await Answer(worker);
        await Begin(worker, trigger);
        await client.Send("first");
        var (_, headers) = await client.Head();
        Assert.Equal("close", headers["Connection"]);
        Assert.Equal("first"u8.ToArray(), await client.Bytes(5));
        await client.Send("again");
        Assert.Equal("again"u8.ToArray(), await client.Bytes(5));
        await client.Send("third");
        Assert.Equal("third"u8.ToArray(), await client.Bytes(5));
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task A_running_request_is_answered_and_announces_the_close(Trigger trigger)
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Get("/slow?ms=1000");
        await Answer(worker);
        await Begin(worker, trigger);
        var response = await client.Response();
        Assert.Equal("slow\n", response.Body);
        Assert.True(response.AnnouncesClose);
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task Pipelined_requests_are_all_answered_and_the_last_announces_the_close(Trigger trigger)
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Send(string.Concat(Enumerable.Repeat("GET /slow?ms=300 HTTP/1.1\r\nHost: test\r\n\r\n", 3)));
        await Answer(worker);
        await Begin(worker, trigger);
        Assert.False((await client.Response()).AnnouncesClose);
        Assert.False((await client.Response()).AnnouncesClose);
        var last = await client.Response();
        Assert.Equal("slow\n", last.Body);
        Assert.True(last.AnnouncesClose);
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task A_large_answer_read_slowly_is_complete_and_its_client_may_send_one_more_request(Trigger trigger)
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Get("/large?bytes=3000000");
        var (_, headers) = await client.Head();
        Assert.False(headers.ContainsKey("Connection"));
        await Begin(worker, trigger);
        for (var i = 0; i < 3_000_000; i += 100_000)
        {
            var bytes = await client.Bytes(100_000);
            Assert.Equal((byte)((i * 31L + 7) % 251), bytes[0]);
        }

        await client.Get("/");
        Assert.True((await client.Response()).AnnouncesClose);
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task A_websocket_is_told_to_close_and_not_cut(Trigger trigger)
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Send("GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        Assert.Equal(101, (await client.Head()).Status);
        await Echo(client, "before");
        await Begin(worker, trigger);

        // Close frame, 1001 "going away", from the application's own ApplicationStopping.
        var head = await client.Bytes(2);
        Assert.Equal(0x88, head[0]);
        var payload = await client.Bytes(head[1]);
        Assert.Equal([0x03, 0xE9], payload[..2]);
        // The handshake: our close frame, masked with zeros.
        await client.Send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9]);
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task An_event_stream_learns_of_the_stop_and_ends_properly(Trigger trigger)
    {
        await using var worker = await Ready(s => s with { DrainKeepAlive = TimeSpan.FromMilliseconds(500) });
        using var client = worker.Connect();
        await client.Get("/sse");
        await client.Head();
        Assert.StartsWith("data: 0", await client.Chunk(), StringComparison.Ordinal);
        await Begin(worker, trigger);
        string chunk, last = "";
        while ((chunk = await client.Chunk()).Length > 0) last = chunk;
        Assert.Equal("data: bye\n\n", last);
        await Over(worker, client);
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task Idle_http2_is_told_to_move_at_once(Trigger trigger)
    {
        await using var worker = await Ready(s => s with { Http = HttpVersions.Http2, DrainKeepAlive = TimeSpan.FromMinutes(1) });
        using var client = await Http2Client.Connect(worker.EndPoint);
        await client.UntilEndOf(await client.Get("/"));
        await Begin(worker, trigger);
        Assert.Equal(1, (await LastGoAway(client)).LastStream);
        await client.End();
        client.Dispose();
        Assert.Equal(0, await worker.Exit());
    }

    [Theory, MemberData(nameof(Triggers))]
    public async Task An_open_http2_stream_is_answered_and_the_connection_ends_without_another_frame_of_the_client(Trigger trigger)
    {
        await using var worker = await Ready(s => s with { Http = HttpVersions.Http2 });
        using var client = await Http2Client.Connect(worker.EndPoint);
        await client.UntilEndOf(await client.Get("/"));
        var stream = await client.Get("/slow?ms=1000");
        using (var other = await Http2Client.Connect(worker.EndPoint)) await other.UntilEndOf(await other.Get("/"));
        await Begin(worker, trigger);
        var frames = await client.UntilEndOf(stream);
        Assert.Contains(frames, f => f.Type == Http2Frame.GoAway);
        Assert.Equal("slow\n"u8.ToArray(), frames.Where(f => f.Type == Http2Frame.Data).SelectMany(f => f.Payload).ToArray());
        // Only Kestrel's heartbeat ends it now, which therefore must still beat.
        Assert.Equal(stream, (await client.Next(Http2Frame.GoAway)).LastStream);
        await client.End();
        client.Dispose();
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task What_is_unfinished_at_the_graceful_timeout_is_listed_and_cut()
    {
        await using var worker = await Ready(s => s with { GracefulTimeout = TimeSpan.FromSeconds(2), DrainKeepAlive = TimeSpan.FromSeconds(1) });
        var clients = Enumerable.Range(0, 22).Select(_ => worker.Connect()).ToList();
        foreach (var client in clients) await client.Get("/slow?ms=600000");
        using var upload = worker.Connect();
        await upload.Send("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello");
        await Answer(worker);
        worker.Tell(ControlMessage.Drain);
        foreach (var client in clients)
        {
            await client.Cut();
            client.Dispose();
        }

        await upload.Cut();
        Assert.Equal(0, await worker.Exit());
        await worker.OutputLine("23 requests are unfinished");
        var line = worker.Output.Split('\n').Single(l => l.Contains("requests are unfinished", StringComparison.Ordinal));
        Assert.Equal(20, line.Split("GET /slow (").Length - 1 + line.Split("POST /upload (").Length - 1);
        Assert.EndsWith(", and 3 more", line, StringComparison.Ordinal);
    }

    /// <summary>The drain's own clocks decide, not the host's, which would give up all that is left after a second.</summary>
    [Fact]
    public async Task A_request_may_take_longer_than_the_application_gives_its_own_shutdown()
    {
        await using var worker = await Ready(s => s with { Environment = new Dictionary<string, string> { ["DOTNET_SHUTDOWNTIMEOUTSECONDS"] = "1" } });
        using var client = worker.Connect();
        await client.Get("/slow?ms=4000");
        await Answer(worker);
        worker.Tell(ControlMessage.Drain);
        Assert.Equal("slow\n", (await client.Response()).Body);
        await Over(worker, client);
    }

    [Fact]
    public async Task What_is_cut_is_listed_on_stderr_where_the_application_logs_nothing()
    {
        await using var worker = await Ready(s => s with
        {
            GracefulTimeout = TimeSpan.FromMilliseconds(500),
            Environment = new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "None", ["Logging__LogLevel__Microsoft.AspNetCore"] = "None" },
        });
        using var client = worker.Connect();
        await client.Get("/slow?ms=600000");
        await Answer(worker);
        worker.Tell(ControlMessage.Drain);
        await client.Cut();
        Assert.Equal(0, await worker.Exit());
        await worker.OutputLine($"starletnet worker {worker.Pid}: 1 requests are unfinished");
        Assert.Matches(@"and are cut: GET /slow \(\d+\.\d s\)$", worker.Output.Split('\n').Single(line => line.Contains("unfinished", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Abort_gives_up_what_is_unfinished_at_once()
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Get("/slow?ms=600000");
        await Answer(worker);
        await Begin(worker, Trigger.Word);
        worker.Tell(ControlMessage.Abort);
        await client.Cut();
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task A_stop_that_the_application_begins_is_drained_too()
    {
        await using var worker = await Ready(s => s with { DrainKeepAlive = TimeSpan.FromMinutes(1) });
        using var running = worker.Connect();
        using var idle = worker.Connect();
        await idle.Get("/");
        await idle.Response();
        await running.Get("/slow?ms=1000");
        using var stopper = worker.Connect();
        await stopper.Get("/stop");
        Assert.Equal("stopping\n", (await stopper.Response()).Body);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        // Long after Kestrel, left to itself, would have closed the idle connection.
        Assert.Equal("slow\n", (await running.Response()).Body);
        await idle.Get("/");
        Assert.True((await idle.Response()).AnnouncesClose);
        foreach (var client in new[] { running, idle, stopper }) client.Dispose();
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task Int_and_term_together_count_as_one()
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Get("/slow?ms=1000");
        await Answer(worker);
        worker.Signal(2);
        worker.Signal(15);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        Assert.Equal("slow\n", (await client.Response()).Body);
        client.Dispose();
        Assert.Null(await worker.NextMessage());
        Assert.Equal(0, await worker.Exit());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(15)]
    public async Task Every_stop_signal_drains(int signal)
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Get("/slow?ms=500");
        await Answer(worker);
        worker.Signal(signal);
        Assert.True((await client.Response()).AnnouncesClose);
        client.Dispose();
        Assert.Equal(0, await worker.Exit());
    }

    /// <summary>Of USR2 the master, who alone has the files' names, is told; TTIN and TTOU, by which a terminal stops programs, are nothing to it.</summary>
    [Fact]
    public async Task Signals_that_are_meant_for_the_master_do_not_end_it()
    {
        const int Usr2 = 12, Ttin = 21, Ttou = 22;
        await using var worker = await Ready();

        worker.Signal(Ttin);
        worker.Signal(Ttou);
        worker.Signal(Usr2);

        Assert.Equal(ControlMessage.Reopen, await worker.NextMessage());
        using var client = worker.Connect();
        await client.Get("/slow?ms=0");
        Assert.Equal("slow\n", (await client.Response()).Body);
    }

    [Fact]
    public async Task A_drained_worker_leaves_the_queue_to_others()
    {
        await using var worker = await Ready();
        using var client = worker.Connect();
        await client.Get("/slow?ms=500");
        await Answer(worker);
        await Begin(worker, Trigger.Word);
        using var late = worker.Connect();
        await late.Get("/");
        Assert.Equal("slow\n", (await client.Response()).Body);
        client.Dispose();
        Assert.Equal(0, await worker.Exit());
        await worker.AnswerQueued("another worker");
        Assert.Equal("another worker", (await late.Response()).Body);
    }

    private static Task<WorkerUnderTest> Ready(Func<WorkerSetup, WorkerSetup>? change = null)
    {
        var setup = new WorkerSetup(SampleApp.TestApp);
        return WorkerUnderTest.StartReady(change?.Invoke(setup) ?? setup);
    }

    private static async Task Answer(WorkerUnderTest worker)
    {
        using var client = worker.Connect();
        await client.Get("/pid");
        Assert.Equal($"{worker.Pid}", (await client.Response()).Body);
    }

    private static async Task Begin(WorkerUnderTest worker, Trigger trigger)
    {
        switch (trigger)
        {
            case Trigger.Word: worker.Tell(ControlMessage.Drain); break;
            case Trigger.Term: worker.Signal(15); break;
            // Nobody is left to say "draining" to.
            case Trigger.MasterGone:
                worker.CloseControl();
                await worker.OutputLine("the master is gone; draining");
                return;
        }

        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
    }

    private static async Task Over(WorkerUnderTest worker, RawClient client)
    {
        await client.End();
        client.Dispose();
        Assert.Equal(0, await worker.Exit());
    }

    private static async Task Echo(RawClient client, string text)
    {
        var payload = System.Text.Encoding.UTF8.GetBytes(text);
        // Text frame, masked with zeros, as clients must.
        await client.Send([0x81, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload]);
        var head = await client.Bytes(2);
        Assert.Equal(0x81, head[0]);
        Assert.Equal(payload, await client.Bytes(head[1]));
    }

    private static async Task<Http2Frame> LastGoAway(Http2Client client)
    {
        // The first one names the largest possible stream: "no more, please"; the last one says how far we came.
        Http2Frame frame;
        do frame = await client.Next(Http2Frame.GoAway);
        while (frame.LastStream == int.MaxValue);
        return frame;
    }
}
