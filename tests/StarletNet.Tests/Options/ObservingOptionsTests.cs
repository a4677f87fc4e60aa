using StarletNet.Master.Options;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Tests.Options;

public sealed class ObservingOptionsTests
{
    private readonly Dictionary<string, string> _environment = [];

    private Configuration Read(params string[] arguments) =>
        new OptionsReader(new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(arguments), _environment.GetValueOrDefault, processors: 2).ReadAll();

    [Theory]
    [InlineData("1", "debug", "environment STARLETNET_DEBUG")]
    [InlineData("0", "information", "default")]
    [InlineData("", "information", "default")]
    public void A_variable_asks_for_debugging_as_those_of_the_perl_servers_do(string value, string level, string place)
    {
        _environment["STARLETNET_DEBUG"] = value;

        var read = Read("app.dll");

        Assert.Equal((level, place), (read.Options.Observing.LogLevel, read.PlaceOf("log-level")));
        Assert.Equal("error", Read("--log-level", "error", "app.dll").Options.Observing.LogLevel);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("4K", 4096)]
    [InlineData("65536", 65536)]
    [InlineData("16M", 16 << 20)]
    public void Lines_of_the_access_log_may_be_gathered(string size, int bytes) =>
        Assert.Equal(bytes, Read("--access-log=-", "--access-log-buffer", size, "app.dll").Options.Observing.AccessLogBuffer);

    [Theory]
    [InlineData("--access-log-buffer=1K", "option --access-log-buffer: '1K' is neither 0 nor a size from 4K to 16M")]
    [InlineData("--access-log-buffer=17M", "'17M' is neither")]
    [InlineData("--access-log-buffer=unlimited", "'unlimited' is neither")]
    [InlineData("--access-log-buffer=much", "'much' is not a size")]
    [InlineData("--access-log-flush=0", "option --access-log-flush: lines are gathered for longer than no time")]
    [InlineData("--worker-quit=die", "option --worker-quit: 'die' is not what a worker does at QUIT; there are drain and dump")]
    [InlineData("--log-level=all", "there are debug, information, warning and error")]
    public void What_makes_no_sense_is_refused(string argument, string message)
    {
        var refusal = Assert.Throws<OperatorException>(() => Read(argument, "app.dll"));

        Assert.Equal(ExitCodes.Usage, refusal.ExitCode);
        Assert.Contains(message, refusal.Message);
    }
}
