using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary><c>--health-path</c>, and what <c>--status-path</c> says of the service.</summary>
public sealed class HealthTests : IDisposable
{
    /// <summary>The last place is the master's.</summary>
    private readonly Scoreboard _scoreboard = Scoreboard.Create(2);

    public void Dispose() => _scoreboard.Dispose();

    private static WorkerSetup Setup => new(SampleApp.TestApp)
    {
        Environment = new Dictionary<string, string> { [EnvironmentNames.Http] = "health-path=%2Fhealthz&status-path=%2Fserver-status&path=%2Fapp" },
    };

    [Fact]
    public async Task The_service_is_healthy_to_any_client_until_the_master_says_that_it_stops()
    {
        await using var worker = await WorkerUnderTest.StartReady(Setup with { Scoreboard = _scoreboard });
        using var client = worker.Connect();
        await client.Get("/healthz");
        var answer = await client.Response();
        Assert.Equal((200, "ok\n", "no-store"), (answer.Status, answer.Body, answer.Headers["cache-control"]));
        // Load balancers are elsewhere, and may ask by way of a proxy.
        await client.Send("GET /healthz HTTP/1.1\r\nHost: 10.1.2.3\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
        Assert.Equal(200, (await client.Response()).Status);
        await client.Send("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(404, (await client.Response()).Status);
        await client.Get("/server-status");
        Assert.Equal(200, (await client.Response()).Status);

        _scoreboard.SetPhase(1, Environment.ProcessId, WorkerPhase.Draining);
        await client.Get("/healthz");
        answer = await client.Response();
        Assert.Equal((503, "stopping\n"), (answer.Status, answer.Body));
        await client.Get("/server-status");
        answer = await client.Response();
        Assert.Equal(503, answer.Status);
        Assert.Contains("starletnet_worker_requests_in_flight", answer.Body, StringComparison.Ordinal);
        await client.Get("/app/");
        Assert.Equal(200, (await client.Response()).Status);
    }

    [Fact]
    public async Task A_worker_that_a_deploy_drains_says_nothing_of_the_service() =>
        Assert.Equal(200, await HealthInADrain(Setup with { Scoreboard = _scoreboard }));

    [Fact]
    public async Task A_worker_without_a_master_is_the_service() => Assert.Equal(503, await HealthInADrain(Setup));

    private static async Task<int> HealthInADrain(WorkerSetup setup)
    {
        await using var worker = await WorkerUnderTest.StartReady(setup);
        using var client = worker.Connect();
        await client.Get("/healthz");
        Assert.Equal(200, (await client.Response()).Status);
        worker.Tell(ControlMessage.Drain);
        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        await client.Get("/healthz");
        return (await client.Response()).Status;
    }
}
