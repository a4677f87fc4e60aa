using System.Diagnostics;
using System.Text.RegularExpressions;
using StarletNet.Shared.Contract;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>What a worker writes on the scoreboard, and shows of it.</summary>
public sealed class FiguresTests : IDisposable
{
    private readonly Scoreboard _scoreboard = Scoreboard.Create(2);

    public void Dispose() => _scoreboard.Dispose();

    private Task<WorkerUnderTest> StartAsync(string http = "", params string[] arguments) => StartAsync(50, http, arguments);

    private async Task<WorkerUnderTest> StartAsync(int heartbeat, string http, params string[] arguments) => await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp, arguments)
    {
        Scoreboard = _scoreboard,
        Environment = new Dictionary<string, string> { [EnvironmentNames.Heartbeat] = $"{heartbeat}", [EnvironmentNames.Http] = http },
    });

    private WorkerFigures Now => _scoreboard.Read(0);

    [Fact]
    public async Task A_worker_keeps_its_figures_up_to_date()
    {
        await using var worker = await StartAsync();
        Assert.Equal((worker.Pid, WorkerPhase.Ready), (Now.Pid, Now.Phase));
        Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(Now.ReadyAt), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);

        using var client = worker.Connect();
        await client.Get("/large?bytes=100000");
        await client.Head();
        await client.Bytes(100000);
        await client.Get("/nowhere");
        await client.Response();
        await client.Get("/slow?ms=3000");
        await Eventually.TrueAsync(() => Now is { Longest: "GET /slow", InFlight: 1, Requests: 2, ClientErrors: 1, ServerErrors: 0 }, "the running request is shown", () => $"{Now}");

        worker.Tell(ControlMessage.Report);
        await worker.OutputLine("1 requests are running: GET /slow (");

        var figures = Now;
        Assert.Equal(1, figures.Connections);
        Assert.InRange(figures.BytesIn, 50, 5000);
        Assert.InRange(figures.BytesOut, 100_100, 110_000);
        Assert.InRange(figures.Heap, 100_000, 1L << 32);
        Assert.InRange(figures.PoolThreads, 1, 1000);
        Assert.InRange(figures.LastRequestAt, Environment.TickCount64 - 60_000, Environment.TickCount64);
        Assert.InRange(figures.LongestSince, figures.LastRequestAt - 60_000, figures.LastRequestAt);
        Assert.True(figures.BeatAt >= figures.LastRequestAt);
        client.Dispose();
        await Eventually.TrueAsync(() => Now is { Longest: null, InFlight: 0, Connections: 0 } now && now.BytesOut >= figures.BytesOut, "it ends with its client", () => $"{Now}");
    }

    /// <summary>The application sees none of them but the last, whose body it begins to read.</summary>
    [Fact]
    public async Task Requests_that_the_server_refuses_by_itself_are_counted_as_errors_once()
    {
        await using var worker = await StartAsync();
        var counted = 0;
        foreach (var (request, status) in new[]
        {
            ("GET nowhere\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ($"GET /{new string('x', 9000)} HTTP/1.1\r\nHost: test\r\n\r\n", 414),
            ($"GET / HTTP/1.1\r\nHost: test\r\nX: {new string('x', 33_000)}\r\n\r\n", 431),
            ("POST /upload HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 50000000\r\n\r\n", 413),
        })
        {
            using var client = worker.Connect();
            await client.Send(request);
            Assert.Equal(status, (await client.Head()).Status);
            counted++;
            await Eventually.TrueAsync(() => Now.ClientErrors >= counted && Now.InFlight == 0, $"{status} is counted", () => $"{Now}");
            Assert.Equal((counted, 0), (Now.ClientErrors, Now.ServerErrors));
        }
    }

    /// <summary>Kestrel closes the connection, and tells nobody of the request's end.</summary>
    [Fact]
    public async Task A_request_that_the_application_has_no_context_for_is_over()
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp)
        {
            Scoreboard = _scoreboard,
            Environment = new Dictionary<string, string> { [EnvironmentNames.Heartbeat] = "50", ["APP_PICKY_CONTEXTS"] = "1" },
        });
        using var client = worker.Connect();
        await client.Get("/");
        await client.Response();
        await client.Get("/no-context");
        await client.End();
        await worker.OutputLine("no context");
        await Eventually.TrueAsync(() => Now is { InFlight: 0, Requests: 2 }, "both are counted, and none runs", () => $"{Now}");
    }

    [Fact]
    public async Task Handlers_that_cost_a_loop_its_thread_are_counted()
    {
        await using var worker = await StartAsync();
        using var client = worker.Connect();
        // Always another route, so that none is known for what it does; and now and then it is a thread of the pool that has read the request.
        for (var since = Stopwatch.GetTimestamp(); Now.TakeOvers == 0 && Stopwatch.GetElapsedTime(since) < Deadlines.Event;)
        {
            await client.Get($"/sync-slow/{string.Concat(Enumerable.Range(0, 8).Select(_ => (char)Random.Shared.Next('a', 'z' + 1)))}?ms=50");
            await client.Response();
        }
        Assert.NotEqual(0, Now.TakeOvers);
    }

    /// <summary>
    /// Kestrel's request makes the text of its method when it is first asked for it; one who asks between two requests would leave an empty one to the
    /// next, which no route has. Pipelined, they follow each other at once.
    /// </summary>
    [Fact]
    public async Task Who_looks_at_what_runs_changes_nothing_of_it()
    {
        const int Depth = 32, Rounds = 1000;
        await using var worker = await StartAsync(1, "");
        using var client = worker.Connect();
        var requests = string.Concat(Enumerable.Repeat("GET /pid HTTP/1.1\r\nHost: test\r\n\r\n", Depth));
        for (var round = 0; round < Rounds; round++)
        {
            await client.Send(requests);
            for (var answer = 0; answer < Depth; answer++) Assert.Equal(200, (await client.Response()).Status);
        }
    }

    [Fact]
    public async Task Errors_and_exceptions_are_counted()
    {
        await using var worker = await StartAsync();
        using var client = worker.Connect();
        await client.Get("/throw");
        Assert.Equal(500, (await client.Response()).Status);

        await Eventually.TrueAsync(() => Now is { ServerErrors: 1, ClientErrors: 0 } now && now.Exceptions > 0, "counted", () => $"{Now}");
    }

    [Fact]
    public async Task The_status_path_is_for_clients_of_this_machine_that_speak_for_themselves()
    {
        await using var worker = await StartAsync("status-path=%2Fserver-status");
        using var client = worker.Connect();
        await client.Get("/server-status");
        var answer = await client.Response();
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Headers["content-type"]);
        Assert.Matches(new Regex($"^starletnet_worker_requests_in_flight{{slot=\"0\",pid=\"{worker.Pid}\"}} 1$", RegexOptions.Multiline), answer.Body);

        foreach (var header in new[]
        {
            "X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "Via: 1.1 proxy", "X-Real-IP: 127.0.0.1", "X-Forwarded-Proto: https",
            // A remote client's, passed on through two proxies: believed, it would make the client a local one.
            "X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 127.0.0.1, 127.0.0.1",
        })
        {
            await client.Send($"GET /server-status HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n");
            Assert.Equal(404, (await client.Response()).Status);
        }
        await client.Send("POST /server-status HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(404, (await client.Response()).Status);
    }
}
