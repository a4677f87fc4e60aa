using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>A worker that wants to leave asks for it, and serves on until it is told to.</summary>
public sealed class RetirementTests
{
    private static Task<WorkerUnderTest> Ready(string variable, string value) =>
        WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp) { Environment = new Dictionary<string, string> { [variable] = value } });

    [Fact]
    public async Task After_its_share_of_requests_on_one_connection_it_asks_once_and_serves_on()
    {
        await using var worker = await Ready(EnvironmentNames.MaxRequests, "3");
        using var client = worker.Connect();
        for (var request = 1; request <= 7; request++)
        {
            await client.Get("/");
            Assert.False((await client.Response()).AnnouncesClose);
        }

        Assert.Equal("retire requests", await worker.NextMessage());
        worker.Tell(ControlMessage.Drain);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        await client.Get("/");
        Assert.True((await client.Response()).AnnouncesClose);
        await client.End();
        Assert.Equal(0, await worker.Exit());
    }

    [Theory]
    [InlineData(3, "retire requests")]
    [InlineData(4, null)]
    public async Task Each_stream_of_http2_counts(int limit, string? asks)
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp) { Http = HttpVersions.Http2, Environment = Limit(limit) });
        using var client = await Http2Client.Connect(worker.EndPoint);
        for (var request = 0; request < 3; request++) await client.UntilEndOf(await client.Get("/"));

        await Asked(worker, asks);
    }

    [Theory]
    [InlineData(1, "retire requests")]
    [InlineData(2, null)]
    public async Task An_upgraded_connection_counts_one_whatever_is_said_on_it(int limit, string? asks)
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp) { Environment = Limit(limit) });
        using var client = worker.Connect();
        await client.Send("GET /ws HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        Assert.Equal(101, (await client.Head()).Status);
        for (var message = 0; message < 3; message++)
        {
            // Text, masked with zeros, and its echo.
            await client.Send([0x81, 0x82, 0, 0, 0, 0, .. "hi"u8]);
            Assert.Equal([0x81, 0x02, .. "hi"u8], await client.Bytes(4));
        }
        // A close without a reason, its answer (1000), and the end of the connection, by which the request is over too.
        await client.Send([0x88, 0x80, 0, 0, 0, 0]);
        Assert.Equal([0x88, 0x02, 0x03, 0xe8], await client.Bytes(4));
        await client.End();

        await Asked(worker, asks);
    }

    private static Dictionary<string, string> Limit(int requests) => new() { [EnvironmentNames.MaxRequests] = $"{requests}" };

    // Messages come in order: one that should not have been sent would come before the answer to this order.
    private static async Task Asked(WorkerUnderTest worker, string? asks)
    {
        if (asks is not null) Assert.Equal(asks, await worker.NextMessage());
        worker.Tell(ControlMessage.Drain);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task An_application_may_ask_for_it_and_that_answer_announces_the_close()
    {
        await using var worker = await Ready(EnvironmentNames.MaxRequests, "0");
        using var client = worker.Connect();
        await client.Get("/");
        Assert.False((await client.Response()).AnnouncesClose);

        await client.Get("/harakiri");
        Assert.True((await client.Response()).AnnouncesClose);

        Assert.Equal("retire harakiri", await worker.NextMessage());
        using var other = worker.Connect();
        await other.Get("/");
        Assert.False((await other.Response()).AnnouncesClose);
    }

    [Fact]
    public async Task The_feature_of_the_package_does_the_same()
    {
        await using var worker = await Ready(EnvironmentNames.MaxRequests, "0");
        using var client = worker.Connect();
        await client.Get("/");
        await client.Response();

        await client.Get("/harakiri-feature");
        var answer = await client.Response();
        Assert.Equal(("committed True\n", true), (answer.Body, answer.AnnouncesClose));
        Assert.Equal("retire harakiri", await worker.NextMessage());
        // It is a request's own, and the next one has not asked for anything.
        using var other = worker.Connect();
        await other.Get("/");
        Assert.False((await other.Response()).AnnouncesClose);
    }

    [Fact]
    public async Task Streams_of_one_connection_have_a_feature_each()
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp) { Http = HttpVersions.Http2 });
        using var client = await Http2Client.Connect(worker.EndPoint);
        await client.UntilEndOf(await client.Get("/"));
        await client.UntilEndOf(await client.Get("/harakiri-feature"));

        Assert.Equal("retire harakiri", await worker.NextMessage());
    }

    [Theory]
    [InlineData("commit", true)]
    [InlineData("Commit", true)]
    [InlineData("no", false)]
    public async Task A_header_of_the_answer_does_the_same_where_it_may_and_is_never_sent(string value, bool leaves)
    {
        await using var worker = await Ready(EnvironmentNames.Http, "harakiri-header=1");
        using var client = worker.Connect();

        await client.Get($"/harakiri-header?value={value}");
        var answer = await client.Response();
        Assert.Equal(("farewell\n", leaves), (answer.Body, answer.AnnouncesClose));
        Assert.DoesNotContain("X-StarletNet-Harakiri", answer.Headers.Keys, StringComparer.OrdinalIgnoreCase);
        if (leaves) Assert.Equal("retire harakiri", await worker.NextMessage());
    }

    [Fact]
    public async Task Elsewhere_it_is_a_header_like_any_other()
    {
        await using var worker = await Ready(EnvironmentNames.MaxRequests, "0");
        using var client = worker.Connect();

        await client.Get("/harakiri-header?value=commit");
        var answer = await client.Response();
        Assert.False(answer.AnnouncesClose);
        Assert.Contains("X-StarletNet-Harakiri", answer.Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task At_quit_it_has_its_stacks_written_down_first_if_it_is_to()
    {
        await using var worker = await Ready(EnvironmentNames.Quit, EnvironmentNames.QuitDump);

        worker.Signal(3);
        Assert.Equal(ControlMessage.Dump, await worker.NextMessage());
        await worker.OutputLine("no request is running");
        using (var client = worker.Connect())
        {
            await client.Get("/");
            Assert.False((await client.Response()).AnnouncesClose);
        }
        // Who does not want to wait sends it again.
        worker.Signal(3);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        Assert.Equal(0, await worker.Exit());
    }
}
