using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StartServer.CommandLine;

namespace StarletNet.StartServer.Tests.CommandLine;

/// <summary>Every way to write an option of Server::Starter 0.35 means today what it meant there.</summary>
public sealed class OldCommandLinesTests
{
    /// <summary>All there are in 0.35.</summary>
    private static readonly string[] Original =
    [
        "port", "path", "dir", "interval", "signal-on-hup", "signal-on-term", "pid-file", "status-file", "envdir", "enable-auto-restart",
        "auto-restart-interval", "kill-old-delay", "backlog", "log-file", "daemonize", "restart", "stop", "help", "version",
    ];

    private static ParsedCommandLine Parse(string name) => new CommandLineParser(OptionTable.Options, Dialect.Getopt).Parse(
        OptionTable.Options.Any(option => option.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase) && option.HasValue) ? [$"--{name}=7"] : [$"--{name}"]);

    [Fact]
    public void The_original_nineteen_are_there_and_everything_else_is_an_extension() =>
        Assert.Equal(Original.Order(), OptionTable.Options.Where(option => !option.Extension).Select(option => option.Name).Order());

    public static TheoryData<string> Names => [.. Original];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_beginning_of_a_name_means_what_it_meant(string name)
    {
        for (var length = 1; length <= name.Length; length++)
        {
            var beginning = name[..length];
            var meant = Original.Where(known => known.StartsWith(beginning, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
            if (meant is [var only])
            {
                Assert.Equal(only, Given(beginning).Name);
                Assert.Equal(only, Given(beginning.ToUpperInvariant()).Name);
            }
            else if (!meant.Contains(beginning))
            {
                Assert.Equal($"Option {beginning} is ambiguous ({string.Join(", ", meant)})", Assert.Throws<OperatorException>(() => Given(beginning)).Message);
            }
        }
    }

    private static Option Given(string beginning)
    {
        // An option of ours may begin in the same way and want a value where the original wants none, or the reverse.
        try
        {
            return Assert.Single(Parse(beginning).Given).Option;
        }
        catch (OperatorException error) when (error.Message.EndsWith("does not take an argument", StringComparison.Ordinal))
        {
            return Assert.Single(new CommandLineParser(OptionTable.Options, Dialect.Getopt).Parse([$"--{beginning}"]).Given).Option;
        }
    }

    [Theory]
    [InlineData("--backlog")]
    [InlineData("--interval")]
    [InlineData("--kill-old-delay")]
    [InlineData("--auto-restart-interval")]
    public void Integers_are_decimal_and_may_have_a_sign(string option)
    {
        var name = option[2..];
        foreach (var good in new[] { "1", "+1", "01" }) Assert.IsType<StartServerOptions>(StartServerOptions.Parse([option, good, "p"], _ => null));
        foreach (var bad in new[] { "0.5", "1s", "x", "0x1" })
        {
            var error = Assert.Throws<OperatorException>(() => StartServerOptions.Parse([option, bad, "p"], _ => null));
            Assert.Equal(($"Value \"{bad}\" invalid for option {name} (number expected)", 1), (error.Message, error.ExitCode));
        }
    }

    [Fact]
    public void The_order_of_decisions_is_error_help_version_restart_stop_daemonize_program()
    {
        string[] all = ["--stop", "--restart", "--version", "--help", "--pid-file=p", "--status-file=s"];
        Assert.Throws<OperatorException>(() => StartServerOptions.Parse([.. all, "--bogus"], _ => null));
        Assert.IsType<ShowHelp>(StartServerOptions.Parse(all, _ => null));
        Assert.IsType<ShowVersion>(StartServerOptions.Parse([.. all.Where(word => word != "--help")], _ => null));
        Assert.IsType<RestartByFiles>(StartServerOptions.Parse([.. all.Where(word => word is not "--help" and not "--version")], _ => null));
        Assert.IsType<StopByPidFile>(StartServerOptions.Parse(["--stop", "--pid-file=p", "--daemonize"], _ => null));
        Assert.Contains("--log-file option must be specified", Assert.Throws<OperatorException>(() => StartServerOptions.Parse(["--daemonize"], _ => null)).Message, StringComparison.Ordinal);
        Assert.Equal("server program not specified", Assert.Throws<OperatorException>(() => StartServerOptions.Parse(["--daemonize", "--log-file=l"], _ => null)).Message);
    }
}
