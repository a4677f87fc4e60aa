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
}
