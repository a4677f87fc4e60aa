using System.Text.Json;
using System.Text.RegularExpressions;
using StarletNet.Hosting.Tests.Workers;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.AccessLog;

/// <summary>The lines of a worker, for requests of every fate.</summary>
public sealed class AccessLogTests : IDisposable
{
    private const string Template = "%h|%u|%r|%s|%b|%{X-Id}i|%{Content-Type}o|%k|%X|%m|%U|%q|%H|%v|%p|%P|%D";

    private readonly ScratchDirectory _scratch = new();
    private readonly Scoreboard _scoreboard = Scoreboard.Create(1);

    public void Dispose()
    {
        _scoreboard.Dispose();
        _scratch.Dispose();
    }

    private FileDescriptor Open(string name) =>
        new(LibC.open(_scratch.File(name), LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC, 0x180));

    private string[] Lines(string name) => File.Exists(_scratch.File(name)) ? File.ReadAllLines(_scratch.File(name)) : [];

    private async Task<string[]> LinesAsync(string name, int count)
    {
        await Eventually.TrueAsync(() => Lines(name).Length >= count, $"{count} lines", () => string.Join('\n', Lines(name)));
        return Lines(name);
    }

    private Task<WorkerUnderTest> StartAsync(FileDescriptor log, string format, string app = "") => WorkerUnderTest.StartReady(new WorkerSetup(app.Length > 0 ? app : SampleApp.TestApp)
    {
        AccessLog = log,
        Scoreboard = _scoreboard,
        Environment = new Dictionary<string, string> { [EnvironmentNames.AccessLogFormat] = format },
    });

    [Theory]
    [InlineData("request-timeout=300&request-timeout-grace=300", false)]
    [InlineData("", true)]
    public async Task What_we_cut_is_one_line_although_the_application_never_comes_to_its_end(string limits, bool drain)
    {
        using var log = Open("log");
        await using var worker = await WorkerUnderTest.StartReady(Limited.By(limits, (EnvironmentNames.AccessLogFormat, Template)) with
        {
            AccessLog = log,
            Scoreboard = _scoreboard,
            GracefulTimeout = TimeSpan.FromMilliseconds(300),
            DrainKeepAlive = TimeSpan.FromMilliseconds(100),
        });
        using var client = worker.Connect();
        await client.Get("/sync-slow?ms=60000");
        await Eventually.TrueAsync(() => _scoreboard.Read(0).InFlight == 1, "the request is running", () => worker.Output);
        if (drain) worker.Tell(ControlMessage.Drain);
        await client.Cut();
        if (!drain) worker.Tell(ControlMessage.Abort);
        Assert.Equal(0, await worker.Exit());

        Assert.Matches(@"\|GET /sync-slow\?ms=60000 HTTP/1\.1\|499\|-\|-\|-\|0\|X\|", Assert.Single(Lines("log")));
    }

    [Fact]
    public async Task Each_request_is_one_line_whatever_became_of_it()
    {
        using var log = Open("log");
        await using var worker = await StartAsync(log, Template);
        using var client = worker.Connect();
        await client.Send("GET /nowhere?a=b\"c HTTP/1.1\r\nHost: x\r\nX-Id: a\tb\"\r\n\r\n");
        await client.Response();
        await client.Get("/large?bytes=70000");
        await client.Head();
        await client.Bytes(70000);
        await client.Send("HEAD /pid HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.Head();
        var seen = await LinesAsync("log", 3);

        var end = $"{worker.EndPoint.Port}|{worker.Pid}|";
        Assert.Matches($@"^127\.0\.0\.1\|-\|GET /nowhere\?a=b\\""c HTTP/1\.1\|404\|-\|a\\x09b\\""\|-\|0\|\+\|GET\|/nowhere\|\?a=b\\""c\|HTTP/1\.1\|x\|{Regex.Escape(end)}\d+$", seen[0]);
        Assert.Matches(@"\|GET /large\?bytes=70000 HTTP/1\.1\|200\|70000\|-\|application/octet-stream\|1\|", seen[1]);
        // A HEAD is answered without a body, and without one it is counted.
        Assert.Matches(@"\|HEAD /pid HTTP/1\.1\|(405\|-|200\|-)\|", seen[2]);

        // Cut by the client before there was an answer.
        using (var hasty = new System.Net.Sockets.TcpClient(worker.EndPoint.Address.ToString(), worker.EndPoint.Port) { LingerState = new(true, 0) })
        {
            await hasty.GetStream().WriteAsync("GET /slow?ms=1000 HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            // A reset before the worker has read the request would leave nothing to write down.
            await Eventually.TrueAsync(() => _scoreboard.Read(0).InFlight == 1, "the request is running", () => worker.Output);
        }
        Assert.Matches(@"\|GET /slow\?ms=1000 HTTP/1\.1\|(499|200)\|.*\|X\|", (await LinesAsync("log", 4))[3]);

        // Refused by Kestrel, and by us, before the application saw them.
        using (var bad = worker.Connect())
        {
            await bad.Send("NONSENSE\r\n\r\n");
            await bad.Response();
        }
        using (var faulty = worker.Connect())
        {
            await faulty.Send("GET /x HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
            await faulty.Response();
        }
        using (var big = worker.Connect())
        {
            await big.Send("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
            await big.Response();
        }
        var refused = (await LinesAsync("log", 7))[4..];
        Assert.Matches(@"^127\.0\.0\.1\|-\|.*\|400\|-\|", refused[0]);
        Assert.Matches(@"\|GET /x HTTP/1\.0\|400\|-\|", refused[1]);
        Assert.Matches(@"\|POST /upload HTTP/1\.1\|413\|-\|", refused[2]);
        Assert.Equal(7, Lines("log").Length);
    }

    [Fact]
    public async Task Json_lines_are_json_and_chunked_answers_are_counted()
    {
        using var log = Open("log");
        await using var worker = await StartAsync(log, "json");
        using var client = worker.Connect();
        await client.Send("GET /children-fds HTTP/1.1\r\nHost: x\r\nUser-Agent: a \"b\" \\ c\r\n\r\n");
        var body = (await client.Response()).Body;

        var line = JsonDocument.Parse((await LinesAsync("log", 1))[0]).RootElement;

        Assert.Equal(("GET", "/children-fds", 200, "a \"b\" \\ c", "127.0.0.1", 3), (line.GetProperty("method").GetString(), line.GetProperty("target").GetString(),
            line.GetProperty("status").GetInt32(), line.GetProperty("userAgent").GetString(), line.GetProperty("client").GetString(), line.GetProperty("worker").GetInt32()));
        Assert.Equal(body.Length, line.GetProperty("bytes").GetInt32());
        Assert.InRange(line.GetProperty("time").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        Assert.InRange(line.GetProperty("seconds").GetDouble(), 0.000001, 60);
    }

    [Fact]
    public async Task The_usual_format_is_that_of_apache_and_a_second_thread_does_not_tear_it()
    {
        using var log = Open("log");
        await using var worker = await StartAsync(log, "combined");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var client = worker.Connect();
            for (var i = 0; i < 50; i++)
            {
                await client.Send("GET /pid HTTP/1.1\r\nHost: x\r\nReferer: /from\r\n\r\n");
                await client.Response();
            }
        }));

        Assert.All(await LinesAsync("log", 400), line =>
            Assert.Matches("^127\\.0\\.0\\.1 - - \\[\\d\\d/[A-Z][a-z]{2}/20\\d\\d:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}\\] \"GET /pid HTTP/1\\.1\" 200 \\d+ \"/from\" \"-\"$", line));
    }

    [Fact]
    public async Task A_file_that_is_exchanged_under_load_loses_no_line_and_tears_none()
    {
        using var log = Open("log.0");
        await using var worker = await StartAsync(log, "%q");
        using var done = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(async n =>
        {
            using var client = worker.Connect();
            var sent = 0;
            for (; !done.IsCancellationRequested; sent++)
            {
                await client.Get($"/pid?{n}.{sent}");
                await client.Response();
            }
            return (Client: n, Sent: sent);
        }));

        for (var file = 1; file <= 10; file++)
        {
            using var fresh = Open($"log.{file}");
            worker.Tell($"{ControlMessage.Reopen} {ControlMessage.AccessLog}", fresh.Number);
            await LinesAsync($"log.{file}", 20);
        }
        await done.CancelAsync();
        var expected = (await load).SelectMany(client => Enumerable.Range(0, client.Sent).Select(i => $"?{client.Client}.{i}")).Order().ToArray();

        string[] All() => [.. Enumerable.Range(0, 11).SelectMany(file => Lines($"log.{file}")).Order()];
        await Eventually.TrueAsync(() => All().Length >= expected.Length, "all lines are there");
        Assert.Equal(expected, All());
    }

    [Fact]
    public async Task Lines_that_are_gathered_are_written_after_the_interval_at_a_change_of_files_and_at_the_end()
    {
        using var log = Open("log.0");
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp)
        {
            AccessLog = log,
            Environment = new Dictionary<string, string>
            {
                [EnvironmentNames.AccessLogFormat] = "%q",
                // Longer than anybody waits, unless it is over before.
                [EnvironmentNames.AccessLogBuffer] = "65536:600000",
            },
        });
        using var client = worker.Connect();
        async Task Get(int from, int count)
        {
            for (var i = from; i < from + count; i++)
            {
                await client.Get($"/pid?{i}");
                await client.Response();
            }
        }

        await Get(0, 20);
        Assert.Empty(Lines("log.0"));
        using var fresh = Open("log.1");
        worker.Tell($"{ControlMessage.Reopen} {ControlMessage.AccessLog}", fresh.Number);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"?{i}"), await LinesAsync("log.0", 20));

        await Get(20, 5);
        worker.Tell(ControlMessage.Drain);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        await Get(25, 1);
        Assert.Equal(0, await worker.Exit());
        Assert.Equal(Enumerable.Range(20, 6).Select(i => $"?{i}"), Lines("log.1"));
    }

    [Fact]
    public async Task No_line_waits_for_longer_than_the_interval()
    {
        using var log = Open("log");
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp)
        {
            AccessLog = log,
            Environment = new Dictionary<string, string> { [EnvironmentNames.AccessLogFormat] = "%q", [EnvironmentNames.AccessLogBuffer] = "65536:200" },
        });
        using var client = worker.Connect();
        await client.Get("/pid?1");
        await client.Response();

        Assert.Equal(["?1"], await LinesAsync("log", 1));
    }

    [Fact]
    public async Task The_applications_children_do_not_have_it()
    {
        using var log = Open("log");
        await using var worker = await StartAsync(log, "common");
        using var client = worker.Connect();
        await client.Get("/children-fds");

        var seen = (await client.Response()).Body;

        Assert.DoesNotContain(_scratch.File("log"), seen, StringComparison.Ordinal);
        Assert.DoesNotContain("ACCESS_LOG", seen, StringComparison.Ordinal);
    }
}
