using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A first generation that cannot boot: the operator sees the application's own error, at once.</summary>
public sealed class FirstGenerationTests
{
    [Theory]
    [InlineData("APP_CRASH_AT_START", "boom at start")]
    [InlineData("APP_CRASH_AFTER_BIND", "boom after bind")]
    public async Task Starletnet_exits_1_with_the_applications_own_error(string variable, string error)
    {
        using var scratch = new ScratchDirectory();
        var listening = Listening.On(Transport.Unix, scratch);
        var options = new ProgramOptions { Environment = new Dictionary<string, string> { [variable] = "1" } };
        using var program = ProgramUnderTest.Start(Artifacts.StarletNet, [listening.StarletNetOption, $"--pid={scratch.File("pid")}", Releases.TestApp], options);

        var exit = await program.ExitAsync();

        Assert.True(exit.Code == 1, program.Describe());
        Assert.Contains(error, program.ErrorText + program.OutputText, StringComparison.Ordinal);
        await program.NothingLeftAsync(listening.SocketFile!, scratch.File("pid"));
    }

    [Fact]
    public async Task Start_server_goes_on_trying_and_serves_as_soon_as_the_program_is_mended()
    {
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        using var service = new Service(scratch, Transport.Tcp, releases.StarletNet("bad", environment: "APP_CRASH_AT_START=1"));
        await service.Program.LineAsync("boom at start");
        await service.Program.LineAsync("new worker [0-9]+ seems to have failed to start, exit status:256");

        await service.DeployAsync(releases.StarletNet("v1"));

        Assert.Contains("version v1", await Browser.GetAsync(service.Target, "/"), StringComparison.Ordinal);
        await service.StopAsync();
    }

    [Fact]
    public async Task Start_server_stops_at_once_while_nothing_serves()
    {
        using var scratch = new ScratchDirectory();
        using var service = new Service(scratch, Transport.Unix, new Releases(scratch).Write("bad", "exit 1"));
        await service.Program.LineAsync("seems to have failed to start");

        await service.StopAsync();
    }
}
