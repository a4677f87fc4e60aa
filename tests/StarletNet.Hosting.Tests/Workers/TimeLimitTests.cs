using System.Diagnostics;
using StarletNet.Shared.Contract;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>One worker for all limits that do not cost it its life.</summary>
public sealed class LimitedWorker : IAsyncLifetime
{
    internal const int Head = 500, Idle = 300, Stall = 700;

    internal WorkerUnderTest Worker { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Worker = await WorkerUnderTest.StartReady(Limited.By(
        $"read-timeout={Head}&keepalive-timeout={Idle}&timeout={Stall}&max-keepalive-reqs=3&server-software=Test%2F1.0"));

    public ValueTask DisposeAsync() => Worker.DisposeAsync();
}

internal static class Limited
{
    internal static WorkerSetup By(string settings, params (string Name, string Value)[] environment) => new(SampleApp.TestApp)
    {
        Environment = environment.Append((Name: EnvironmentNames.Http, Value: settings)).ToDictionary(entry => entry.Name, entry => entry.Value),
    };

    /// <summary>The clock that time limits are measured by moves in steps.</summary>
    private const int ClockStep = 20;

    /// <summary>
    /// Never early, counted from the first byte of <paramref name="begin"/>; within a tenth of a second after the last one at least once in
    /// several tries, because this machine has other things to do. Kestrel's own clock is a whole second late even at its best.
    /// </summary>
    /// <param name="slack">In milliseconds, where what is waited for does not begin with a byte.</param>
    internal static async Task Takes(WorkerUnderTest worker, int milliseconds, Func<RawClient, Task> begin, Func<RawClient, Task> end, int slack = 100)
    {
        const int mostTries = 20;
        var took = new List<double>();
        while (took.Count < mostTries)
        {
            var beginning = Stopwatch.GetTimestamp();
            using var client = worker.Connect();
            await begin(client);
            var begun = Stopwatch.GetTimestamp();
            await end(client);
            var all = Stopwatch.GetElapsedTime(beginning).TotalMilliseconds;
            Assert.True(all >= milliseconds - ClockStep, $"{all:0} ms is too early for {milliseconds}");
            took.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            if (took[^1] <= milliseconds + slack) return;
        }
        Assert.Fail($"{string.Join(", ", took.Select(time => $"{time:0}"))} ms are too late for {milliseconds}");
    }
}

/// <summary>Each limit acts when it says, to a tenth of a second, which Kestrel's own clock does not.</summary>
public sealed class TimeLimitTests(LimitedWorker fixture) : IClassFixture<LimitedWorker>
{
    private WorkerUnderTest Worker => fixture.Worker;

    private Task Takes(int milliseconds, Func<RawClient, Task> begin, Func<RawClient, Task> end, int slack = 100) => Limited.Takes(Worker, milliseconds, begin, end, slack);

    private static Func<RawClient, Task> Answered(int status) => async client =>
    {
        var response = await client.Response();
        Assert.Equal(status, response.Status);
        Assert.True(response.AnnouncesClose);
        await client.End();
    };

    [Fact]
    public async Task A_connection_that_sends_nothing_is_closed_silently() =>
        await Takes(LimitedWorker.Head, _ => Task.CompletedTask, client => client.End());

    [Fact]
    public async Task An_idle_connection_is_closed_silently() => await Takes(LimitedWorker.Idle, async client =>
    {
        await client.Get("/");
        await client.Response();
    }, client => client.End());

    [Theory]
    [InlineData("hello", "")]
    [InlineData("he", "llo")]
    [InlineData("", "hello")]
    public async Task A_body_that_nobody_has_read_is_no_part_of_the_next_head(string withTheHead, string behindTheAnswer) => await Takes(LimitedWorker.Idle, async client =>
    {
        await client.Send("POST /missing HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n" + withTheHead);
        Assert.Equal(404, (await client.Response()).Status);
        if (behindTheAnswer.Length > 0) await client.Send(behindTheAnswer);
    }, client => client.End());

    [Theory]
    [InlineData("G")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: te")]
    public async Task Half_a_head_is_answered_with_408(string half) => await Takes(LimitedWorker.Head, client => client.Send(half), Answered(408));

    [Fact]
    public async Task A_head_that_trickles_in_gets_no_more_time() => await Takes(LimitedWorker.Head, client => client.Send("GET / HTTP/1.1\r\n"), async client =>
    {
        using var stop = new CancellationTokenSource();
        var trickle = Trickle(client, stop.Token);
        Assert.Equal(408, (await client.Response()).Status);
        await stop.CancelAsync();
        await trickle;
    });

    private static async Task Trickle(RawClient client, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await client.Send("X: y\r\n");
                await Task.Delay(50, stop);
            }
        }
        catch (Exception over) when (over is IOException or OperationCanceledException)
        {
            // answered, or closed behind the answer
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1\r\nHost: te")]
    public async Task Half_a_head_on_a_kept_alive_connection_too(string behindTheFirst) => await Takes(LimitedWorker.Head, async client =>
    {
        await client.Send("GET / HTTP/1.1\r\nHost: test\r\n\r\n" + behindTheFirst);
        await client.Response();
        // Within the time for idle ones, which then counts no longer.
        if (behindTheFirst.Length == 0) await client.Send("GET /");
    }, Answered(408));

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nhello")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    public async Task A_body_that_stalls_is_answered_with_408(string body) =>
        await Takes(LimitedWorker.Stall, client => client.Send("POST /upload HTTP/1.1\r\nHost: test\r\n" + body), Answered(408));

    [Fact]
    public async Task A_body_that_goes_on_is_not_limited_as_a_whole()
    {
        using var client = Worker.Connect();
        // Faster than Kestrel's minimum rate, which holds after the time limit: 240 bytes per second.
        await client.Send("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 8000\r\n\r\n");
        for (var sent = 0; sent < 8; sent++)
        {
            await Task.Delay(LimitedWorker.Stall / 4);
            await client.Send(new string('x', 1000));
        }
        Assert.StartsWith("8000 ", (await client.Response()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_takes_nothing_of_its_answer_is_cut() => await Takes(LimitedWorker.Stall, async client =>
    {
        await client.Get("/large?bytes=200000000");
        Assert.Equal(200, (await client.Head()).Status);
    }, async client =>
    {
        // Nothing is read: the kernel's buffers fill up in no time. Seen from outside by the number of the worker's sockets.
        await Eventually.TrueAsync(() => Descriptors() == 0, "the connection is closed");
        await Assert.ThrowsAnyAsync<IOException>(async () => await client.Bytes(200_000_000));
        // The kernel takes a little more each time it probes the closed window, which begins after a fifth of a second.
    }, slack: 400);

    // Connections of the worker that are established, by the kernel.
    private int Descriptors() => File.ReadAllLines("/proc/net/tcp").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Count(entry => entry[1].EndsWith($":{Worker.EndPoint.Port:X4}", StringComparison.Ordinal) && entry[3] == "01");

    [Fact]
    public async Task A_client_that_reads_slowly_but_steadily_gets_all()
    {
        using var client = Worker.Connect();
        await client.Get("/large?bytes=8000000");
        Assert.Equal(200, (await client.Head()).Status);
        for (var read = 0; read < 8; read++)
        {
            await client.Bytes(1_000_000);
            await Task.Delay(LimitedWorker.Stall / 4);
        }
    }

    [Fact]
    public async Task A_request_that_takes_its_time_and_an_upgraded_connection_are_not_limited()
    {
        using var client = Worker.Connect();
        await client.Get($"/slow?ms={LimitedWorker.Stall * 2}");
        Assert.Equal("slow\n", (await client.Response()).Body);
        using var socket = Worker.Connect();
        await socket.Send("GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        Assert.Equal(101, (await socket.Head()).Status);
        await Task.Delay(LimitedWorker.Stall * 2);
        // A ping, masked with zeros, and its pong.
        await socket.Send([0x89, 0x80, 0, 0, 0, 0]);
        Assert.Equal([0x8a, 0x00], await socket.Bytes(2));
    }

    [Fact]
    public async Task The_last_request_that_a_connection_may_send_announces_the_close()
    {
        using var client = Worker.Connect();
        for (var request = 1; request <= 3; request++)
        {
            await client.Get("/");
            var response = await client.Response();
            Assert.Equal(request == 3, response.AnnouncesClose);
            Assert.Equal("Test/1.0", response.Headers["Server"]);
        }
        await client.End();
    }
}
