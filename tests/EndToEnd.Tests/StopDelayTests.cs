using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary><c>--stop-delay</c> under start_server, which closes its own listeners when a stop begins.</summary>
public sealed class StopDelayTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task After_TERM_clients_are_answered_while_the_health_answer_says_503_and_a_second_TERM_ends_that(Transport transport)
    {
        var release = new Releases(_scratch).StarletNet("v1", "--max-workers=1 --stop-delay=10m --health-path=/healthz --status-path=/server-status --drain-keepalive=0.5");
        using var service = new Service(_scratch, transport, release);
        await service.FirstGenerationAsync();
        Assert.Equal((200, 200), (await StatusAsync(service.Target, "/healthz"), await StatusAsync(service.Target, "/server-status")));
        // A deploy is no stop: neither does the old generation wait, nor is the new one unhealthy.
        await service.DeployAsync(release);
        Assert.Equal(200, await StatusAsync(service.Target, "/healthz"));

        service.Program.Send(UnixSignal.Term);
        await service.Program.LineAsync("stopping \\(signal TERM\\) in 600 s \\(--stop-delay\\)");
        // New connections each: they come through the queue that only the generation holds now.
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal((503, 503), (await StatusAsync(service.Target, "/healthz"), await StatusAsync(service.Target, "/server-status")));
            Assert.Equal("hello from version v1\n", await Browser.GetAsync(service.Target, "/"));
        }

        // Within a second it would be the same wish.
        await Task.Delay(TimeSpan.FromSeconds(1.5));
        service.Program.Send(UnixSignal.Term);
        Assert.Equal(new ProgramExit(0, null), await service.Program.ExitAsync());
        Assert.Contains(service.Program.Lines, line => line.Text.Contains("stopping gracefully (signal TERM); 1 workers drain", StringComparison.Ordinal));
        await service.Program.NothingLeftAsync();
    }

    private static async Task<int> StatusAsync(Target target, string path)
    {
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        using var connection = await WireConnection.ConnectAsync(target, deadline.Token);
        return (await connection.AskAsync($"GET {path} HTTP/1.1\r\nHost: {target.HostHeader}\r\nConnection: close\r\n\r\n", deadline.Token)).Status;
    }
}
