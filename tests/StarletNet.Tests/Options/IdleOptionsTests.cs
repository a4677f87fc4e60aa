using StarletNet.Master.Options;
using StarletNet.Master.Workers;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Options;

/// <summary>Options that would do nothing beside the others.</summary>
public sealed class IdleOptionsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly Dictionary<string, string> _environment = [];

    public void Dispose() => _scratch.Dispose();

    private Configuration Read(params string[] arguments) =>
        new OptionsReader(new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(arguments), _environment.GetValueOrDefault, processors: 4).ReadAll();

    private string Refusal(params string[] arguments)
    {
        var error = Assert.Throws<OperatorException>(() => Read(arguments));
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
        return error.Message;
    }

    [Theory]
    [InlineData("--max-reqs-per-child=10")]
    [InlineData("--worker-max-memory=1G")]
    [InlineData("--worker-max-age=1h")]
    [InlineData("--worker-timeout=30")]
    [InlineData("--worker-boot-timeout=30")]
    [InlineData("--boot-failure-limit=5")]
    [InlineData("--surge=2")]
    [InlineData("--spawn-interval=1")]
    [InlineData("--err-respawn-interval=2")]
    [InlineData("--preload-app")]
    [InlineData("--loader=preload")]
    [InlineData("--loader=restarter")]
    [InlineData("--reload-dirs=/")]
    [InlineData("--harakiri-header")]
    [InlineData("--reuse-port")]
    [InlineData("--request-timeout-grace=5", "--request-timeout=2")]
    public void What_is_a_masters_is_refused_where_there_is_none(string option, params string[] beside)
    {
        Assert.Equal($"option {option.Split('=')[0]}: takes a master, and with --max-workers 0 there is none", Refusal([option, "-w0", .. beside]));
        Read([option, "-w1", .. beside]);
    }

    [Fact]
    public void It_is_named_by_where_it_was_given()
    {
        Assert.Contains("web.conf:1: surge: takes a master", Refusal("-w0", "--config", _scratch.Write("web.conf", "surge = 2\n")));
        _environment["STARLETNET_SURGE"] = "2";
        Assert.Equal("STARLETNET_SURGE: takes a master, and with --max-workers 0 there is none", Refusal("-w0"));
    }

    [Theory]
    [InlineData("--preset=starlet")]
    [InlineData("--preset=starman")]
    [InlineData("--preset=starlet", "--max-reqs-per-child=0")]
    // What would hold without the preset.
    [InlineData("--preset=starman", "--surge=1")]
    // Debuggers' command lines.
    [InlineData("--worker-timeout=0")]
    [InlineData("--status-socket=none")]
    [InlineData("--max-requests=unlimited")]
    public void What_nobody_asks_for_needs_no_master(params string[] arguments) => Assert.Equal(0, Read([.. arguments, "-w0"]).Options.Workers);

    [Theory]
    [InlineData("plain")]
    [InlineData("starlet")]
    [InlineData("starman")]
    public void What_the_check_of_a_configuration_prints_may_be_given_again(string preset)
    {
        string[] arguments = ["-w0", .. preset == "plain" ? [] : new[] { "--preset", preset }];
        var printed = CheckConfig.Of(Read(arguments), _environment.GetValueOrDefault, new HeapShare(null, ""));
        Assert.Matches("(?m)^worker-timeout = 60 ", printed);
        Assert.Matches("(?m)^access-log-flush = 1 ", printed);

        Assert.Equal(0, Read("--config", _scratch.Write("again.conf", printed)).Options.Workers);
    }

    [Theory]
    [InlineData("option --access-log-format: means nothing without --access-log", "--access-log-format=json")]
    [InlineData("option --access-log-buffer: means nothing without --access-log", "--access-log-buffer=64K")]
    [InlineData("option --access-log-flush: means nothing without --access-log-buffer", "--access-log-flush=2", "--access-log=x")]
    [InlineData("option --master-log-keep: means nothing without --master-log", "--master-log-keep=2")]
    [InlineData("option --allow-setuid-children: means nothing without --user or --group", "--allow-setuid-children")]
    [InlineData("option --request-timeout-grace: means nothing without --request-timeout", "--request-timeout-grace=2")]
    [InlineData("option --request-timeout-grace: means nothing without --request-timeout", "--harakiri=0", "--request-timeout-grace=2")]
    [InlineData("option --reuse-port: means nothing without a TCP address to listen on", "--reuse-port", "-S/tmp/x.sock", "-l@x")]
    [InlineData("option --shadow-dir: means nothing without --shadow-copy", "--shadow-dir=/")]
    [InlineData("option --shadow-link: means nothing without --shadow-copy", "--shadow-link=data")]
    [InlineData("option --shadow-link: means nothing without --shadow-copy", "--shadow-link=data", "--reload", "--no-shadow-copy")]
    public void What_belongs_to_an_option_that_is_not_given_is_refused(string why, params string[] arguments) => Assert.Equal(why, Refusal(arguments));

    [Theory]
    [InlineData("--access-log-format=json", "--access-log=-")]
    [InlineData("--access-log-flush=2", "--access-log=-", "--access-log-buffer=64K")]
    [InlineData("--master-log-keep=2", "--master-log=/tmp/master.log")]
    [InlineData("--allow-setuid-children", "--user=0")]
    [InlineData("--allow-setuid-children", "--group=0")]
    [InlineData("--reuse-port", "-S/tmp/x.sock", "-p80")]
    [InlineData("--request-timeout-grace=2", "--harakiri=1")]
    [InlineData("--shadow-dir=/", "--shadow-copy")]
    [InlineData("--shadow-link=data", "--reload")]
    [InlineData("--shadow-dir=/", "--project=.")]
    [InlineData("--shadow-dir=/", "app.cs")]
    public void With_that_one_it_is_not(params string[] arguments) => Read(arguments);
}
