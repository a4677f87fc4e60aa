using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary><c>--warmup auto</c> from one generation to the next.</summary>
public sealed class WarmUpTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task The_next_generation_warms_up_with_what_the_one_before_has_answered()
    {
        var (port, control) = (FreePort.Next(), _scratch.File("control"));
        using var service = ProgramUnderTest.Start(Artifacts.StartServer,
            [$"--port=127.0.0.1:{port}", $"--control={control}", "--", Artifacts.StarletNet, "--warmup", "auto", "--log-level", "debug", Releases.TestApp]);
        await service.LineAsync("serving .* with 1 workers");
        // There was no generation before it.
        Assert.DoesNotContain("Warmed up", service.OutputText, StringComparison.Ordinal);

        await Browser.GetAsync(Target.Tcp(port), "/pid");
        // The worker reports what it answers within seconds.
        await service.LineAsync(@"paths .*/pid");
        using (var restart = ProgramUnderTest.Start(Artifacts.StartServer, ["--restart", $"--control={control}"]))
            Assert.True((await restart.ExitAsync()).Code == 0, restart.Describe());
        await service.LineAsync("Warmed up with ");

        Assert.Equal(0, (await service.StopAsync()).Code);
        await service.NothingLeftAsync();
    }
}
