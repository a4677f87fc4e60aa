using StartServer.CommandLine;

namespace StarletNet.StartServer.Tests.CommandLine;

public sealed class ClientOptionsTests
{
    private static Command Parse(params string[] arguments) => StartServerOptions.Parse(arguments, _ => null);

    [Theory]
    [InlineData(600)]
    [InlineData(null, "--timeout", "0")]
    [InlineData(7, "--timeout=7")]
    public void Restart_waits_ten_minutes_unless_told_otherwise(int? seconds, params string[] timeout) =>
        Assert.Equal(new RestartByFiles("p", "s", Span(seconds)), Parse(["--restart", "--pid-file=p", "--status-file=s", .. timeout]));

    [Theory]
    [InlineData(null)]
    [InlineData(null, "--timeout", "0")]
    [InlineData(7, "--timeout=7")]
    public void Stop_waits_for_ever_unless_told_otherwise(int? seconds, params string[] timeout) =>
        Assert.Equal(new StopByPidFile("p", Span(seconds)), Parse(["--stop", "--pid-file=p", .. timeout]));

    [Fact]
    public void Restart_comes_before_stop_and_both_pass_over_what_is_the_servers() =>
        Assert.IsType<RestartByFiles>(Parse("--stop", "--restart", "--pid-file=p", "--status-file=s", "--port=x", "--interval=-1", "--", "program"));

    private static TimeSpan? Span(int? seconds) => seconds is { } number ? TimeSpan.FromSeconds(number) : null;
}
