namespace Site.Parts;

/// <summary>A service that takes its time to stop.</summary>
internal sealed class SlowGoodbye(ILogger<SlowGoodbye> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(1500, cancellationToken);
        log.LogInformation("goodbye said in full");
    }
}
