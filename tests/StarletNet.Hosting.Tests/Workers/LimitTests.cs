using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>Sizes and counts, who has the last word on them, and requests that never end.</summary>
public sealed class LimitTests
{
    private static string Headers(int count) => string.Concat(Enumerable.Range(0, count).Select(number => $"X-{number}: y\r\n"));

    private static async Task<int> Status(WorkerUnderTest worker, string request)
    {
        using var client = worker.Connect();
        await client.Send(request);
        return (await client.Response()).Status;
    }

    [Fact]
    public async Task Sizes_are_limited_and_the_server_stays_unnamed()
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By(
            "max-headers=10&max-header-size=2000&max-request-line=100&max-body=1000&server-software=", ("APP_MAX_HEADERS", "50")));
        const string get = "GET / HTTP/1.1\r\nHost: test\r\n", post = "POST /upload HTTP/1.1\r\nHost: test\r\n";

        Assert.Equal(200, await Status(worker, get + Headers(9) + "\r\n"));
        Assert.Equal(431, await Status(worker, get + Headers(10) + "\r\n"));
        Assert.Equal(431, await Status(worker, get + $"X: {new string('y', 2000)}\r\n\r\n"));
        Assert.Equal(414, await Status(worker, $"GET /{new string('x', 100)} HTTP/1.1\r\nHost: test\r\n\r\n"));
        Assert.Equal(200, await Status(worker, post + $"Content-Length: 1000\r\n\r\n{new string('x', 1000)}"));
        Assert.Equal(413, await Status(worker, post + $"Content-Length: 1001\r\n\r\n{new string('x', 1001)}"));
        using var client = worker.Connect();
        await client.Get("/");
        Assert.DoesNotContain("Server", (await client.Response()).Headers.Keys);
    }

    [Fact]
    public async Task Large_limits_need_no_more_than_to_be_asked_for()
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By("max-headers=1000&max-header-size=4000000&max-body=0&max-request-line=3000000"));

        Assert.Equal(200, await Status(worker, $"GET /?{new string('x', 2_000_000)} HTTP/1.1\r\nHost: test\r\nX: {new string('y', 2_000_000)}\r\n\r\n"));
        Assert.Equal(200, await Status(worker, $"POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 31000000\r\n\r\n{new string('x', 31_000_000)}"));
    }

    [Theory]
    // What the application has chosen wins over a preset, and the preset over Kestrel's default.
    [InlineData("max-headers~10", "50", 40, 200)]
    [InlineData("max-headers~10", "", 40, 431)]
    public async Task A_preset_yields_to_the_application(string settings, string own, int count, int status)
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By(settings, ("APP_MAX_HEADERS", own)));

        Assert.Equal(status, await Status(worker, $"GET / HTTP/1.1\r\nHost: test\r\n{Headers(count)}\r\n"));
    }

    [Theory]
    [InlineData("server-software~Starlet", "", "Starlet")]
    [InlineData("server-software~Starlet", "0", null)]
    [InlineData("server-software=Starlet", "0", "Starlet")]
    public async Task An_application_that_names_no_server_is_given_none_by_a_preset(string settings, string own, string? seen)
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By(settings, ("APP_SERVER_HEADER", own)));
        using var client = worker.Connect();
        await client.Get("/");
        Assert.Equal(seen, (await client.Response()).Headers.GetValueOrDefault("Server"));
    }

    [Theory]
    [InlineData("expectations=1", "100-continue", 200)]
    [InlineData("expectations=1", "100-Continue", 200)]
    [InlineData("expectations=1", "200-ok", 417)]
    [InlineData("", "200-ok", 200)]
    public async Task Expectations_that_nobody_can_meet_are_refused_where_the_preset_says_so(string settings, string expected, int status)
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By(settings));

        Assert.Equal(status, await Status(worker, $"GET / HTTP/1.1\r\nHost: test\r\nExpect: {expected}\r\n\r\n"));
    }

    [Theory]
    [InlineData("", "203.0.113.7:0")]
    [InlineData("forwarded=0", "127.0.0.1:")]
    public async Task A_proxy_on_this_machine_is_believed_unless_it_is_not_to_be(string settings, string address)
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By(settings));
        using var client = worker.Connect();
        await client.Send("GET /connection HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n");
        Assert.Contains($"remote {address}", (await client.Response()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_closed()
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By("max-connections=1"));
        using var first = worker.Connect();
        await first.Get("/");
        Assert.Equal(200, (await first.Response()).Status);
        using var second = worker.Connect();
        await second.Cut();
        await first.Get("/");
        Assert.Equal(200, (await first.Response()).Status);
    }

    [Fact]
    public async Task A_single_request_per_connection_is_what_is_asked_for_by_one()
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By("max-keepalive-reqs=1"));
        using var client = worker.Connect();
        await client.Send("GET / HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n");
        Assert.True((await client.Response()).AnnouncesClose);
        await client.End();
    }

    [Fact]
    public async Task A_connection_of_http2_is_told_to_go_after_its_last_request()
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By("max-keepalive-reqs=2&timeout=300&keepalive-timeout=60000") with { Http = HttpVersions.Http2 });
        using var client = await Http2Client.Connect(worker.EndPoint);
        await client.UntilEndOf(await client.Get("/"));
        // Longer than HTTP/1 would be allowed to wait in the middle of something: an HTTP/2 connection always reads.
        await Task.Delay(600);
        var frames = await client.UntilEndOf(await client.Get("/"));
        // Before the answer or behind it, whichever Kestrel's two writers manage first.
        if (!frames.Any(frame => frame.Type == Http2Frame.GoAway)) await client.Next(Http2Frame.GoAway);
    }

    [Fact]
    public async Task A_request_that_runs_for_too_long_is_cut_and_one_that_ignores_it_costs_the_worker()
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By("request-timeout=400&request-timeout-grace=300") with { GracefulTimeout = TimeSpan.FromSeconds(1) });
        using var slow = worker.Connect();
        await slow.Get("/sync-slow?ms=60000");
        await slow.Cut();
        await worker.OutputLine("A request has been running for too long and is cut: GET /sync-slow");

        Assert.Equal("retire overdue", await worker.NextMessage());
        await worker.OutputLine("this worker asks to be replaced for its sake: GET /sync-slow");
        worker.Tell(ControlMessage.Drain);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task A_request_is_cut_when_its_time_is_up()
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By("request-timeout=400"));
        // Waits for the rest of its body, however long that takes, and ends because it is cut.
        await Limited.Takes(worker, 400, client => client.Send("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\na part"), client => client.Cut());
    }

    [Fact]
    public async Task A_request_that_ends_when_it_is_cut_costs_nothing()
    {
        await using var worker = await WorkerUnderTest.StartReady(Limited.By("request-timeout=500&request-timeout-grace=2000"));
        using var late = worker.Connect();
        // Waits for the rest of its body, and ends because it is cut.
        await late.Send("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\na part");
        await late.Cut();
        // This one does not, and its grace ends after the other's would have ended.
        using var stuck = worker.Connect();
        await stuck.Get("/sync-slow?ms=60000");
        await worker.OutputLine("for its sake: GET /sync-slow");

        Assert.Contains("is cut: POST /upload", worker.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("for its sake: POST", worker.Output, StringComparison.Ordinal);
    }
}
