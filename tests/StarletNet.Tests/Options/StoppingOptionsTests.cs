using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Tests.Options;

public sealed class StoppingOptionsTests
{
    private static MasterOptions Read(params string[] arguments) =>
        new OptionsReader(new CommandLineParser(OptionTable.All, Dialect.Plack).Parse([.. arguments, "app.dll"]), _ => null, processors: 2).Read();

    [Fact]
    public void Nothing_stays_and_nothing_is_delayed_unless_asked_for()
    {
        var options = Read();
        Assert.Equal((TimeSpan.Zero, TimeSpan.Zero, null), (options.DrainWebSockets, options.StopDelay, options.Observing.HealthPath));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("8h", 8 * 3600)]
    [InlineData("1500ms", 1.5)]
    public void Both_are_times(string written, double seconds)
    {
        var options = Read($"--drain-websockets={written}", $"--stop-delay={written}");
        Assert.Equal((seconds, seconds), (options.DrainWebSockets.TotalSeconds, options.StopDelay.TotalSeconds));
    }

    [Theory]
    [InlineData("--drain-websockets=unlimited", "'unlimited' is not a time")]
    [InlineData("--stop-delay=-1", "'-1' is not a time")]
    [InlineData("--health-path=healthz", "'healthz' is not a path such as")]
    [InlineData("--health-path=/healthz?full", "is not a path such as")]
    public void What_is_wrong_is_refused(string option, string message)
    {
        var error = Assert.Throws<OperatorException>(() => Read(option));
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_answers_need_two_paths()
    {
        var error = Assert.Throws<OperatorException>(() => Read("--health-path=/up", "--status-path=/up"));
        Assert.Equal("option --health-path: /up is the path of --status-path, too; give each a path of its own", error.Message);
    }

    [Theory]
    [InlineData("--drain-websockets=1h")]
    [InlineData("--stop-delay=10")]
    public void Both_take_a_master(string option)
    {
        var error = Assert.Throws<OperatorException>(() => Read("--max-workers=0", option));
        Assert.EndsWith("takes a master, and with --max-workers 0 there is none", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_for_health_needs_no_master() => Assert.Equal("/healthz", Read("--max-workers=0", "--health-path=/healthz").Observing.HealthPath);
}
