using System.Text.RegularExpressions;
using StarletNet.Master.Options;
using StarletNet.Master.Workers;
using StarletNet.Shared.CommandLine;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Options;

public sealed class CheckConfigTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly Dictionary<string, string> _environment = [];

    private HeapShare Heap { get; set; } = new(null, "no limit");

    public void Dispose() => _scratch.Dispose();

    private string Print(params string[] arguments)
    {
        var commandLine = new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(arguments);
        return CheckConfig.Of(new OptionsReader(commandLine, _environment.GetValueOrDefault, processors: 4).ReadAll(), _environment.GetValueOrDefault, Heap);
    }

    // "name = value" and where it came from, or null if it is not set.
    private static (string? Value, string Place) Of(string print, string name)
    {
        var line = Regex.Match(print, $"^(#?){name} =(.*?) +# (.*)$", RegexOptions.Multiline);
        Assert.True(line.Success, $"{name} is not in\n{print}");
        return (line.Groups[1].Length > 0 ? null : line.Groups[2].Value.Trim(), line.Groups[3].Value);
    }

    [Fact]
    public void Every_option_is_there_with_the_place_it_was_set_at()
    {
        _environment["STARLETNET_GRACEFUL_TIMEOUT"] = "2m";
        var file = _scratch.Write("web.conf", "# mine\nboot-failure-limit = 9\n");

        var print = Print("--config", file, "--preset", "starman", "--pid=x.pid", "app.dll");

        Assert.Equal(("x.pid", "command line"), Of(print, "pid"));
        Assert.Equal(("app.dll", "command line"), Of(print, "app"));
        Assert.Equal(("120", "environment STARLETNET_GRACEFUL_TIMEOUT"), Of(print, "graceful-timeout"));
        Assert.Equal(("9", $"{file}:2"), Of(print, "boot-failure-limit"));
        Assert.Equal(("5", "preset starman"), Of(print, "max-workers"));
        Assert.Equal(("0", "default"), Of(print, "spawn-interval"));
        Assert.Equal((null, "default: none"), Of(print, "socket"));
        Assert.All(OptionTable.Entries.Where(entry => !entry.IsCommand && entry.Name != "listen"), entry => Of(print, entry.Name));
    }

    [Fact]
    public void A_value_of_two_lines_is_not_printed_as_two_options()
    {
        var print = Print("--child-exit", "echo a\nquiet");
        Assert.Equal((null, "command line: a value with a line break, which has no place in a file"), Of(print, "child-exit"));
        Assert.DoesNotMatch("(?m)^quiet\\s*$", print);
    }

    [Fact]
    public void What_the_heap_of_a_worker_is_limited_to_is_there_too()
    {
        Assert.Matches("#heap of each worker: left to .NET +# no limit\n", Print());

        Heap = HeapShare.Of(new ContainerMemory(600 << 20, "/memory.max"), 2, [], null);

        Assert.Matches("#heap of each worker: at most 200M +# the 600M of /memory.max, shared by 2 workers", Print());
    }

    [Fact]
    public void Listeners_are_one_to_a_line_with_their_options()
    {
        var print = Print("-l", ":8080?http=h2&backlog=5", "-l", "/run/a.sock?mode=0660");

        Assert.Contains("listen = :8080?http=h2&backlog=5 ", print);
        Assert.Contains("listen = unix:/run/a.sock?mode=0660 ", print);
        Assert.Equal((null, "default: 5000"), Of(print, "port"));
    }

    [Fact]
    public void What_is_printed_may_be_given_again_as_a_configuration_file()
    {
        var first = Print("--preset", "starman", "-l", ":8080", "-l", "unix:/run/a b.sock", "--pid", " odd # name ", "--quiet", "--host", "::1", "x.dll");

        var again = Print("--config", _scratch.Write("again.conf", first));

        Assert.Equal(Values(first), Values(again));
    }

    private static IEnumerable<string> Values(string print) => print.Split('\n').Select(line => Regex.Replace(line, " +# .*$", ""));

    [Theory]
    [InlineData("ASPNETCORE_ENVIRONMENT", "Staging")]
    [InlineData("PLACK_ENV", "development")]
    public void An_inherited_environment_is_shown_as_such(string variable, string value)
    {
        _environment[variable] = value;

        Assert.Equal((value, $"environment {variable}"), Of(Print("--preset", "starlet"), "env"));
        Assert.Equal(("mine", "command line"), Of(Print("-E", "mine"), "env"));
    }

    [Theory]
    [InlineData("1", "1", "environment PLACK_QUIET")]
    [InlineData("0", "0", "default")]
    public void Plack_quiet_is_a_yes_unless_perl_takes_it_for_a_no(string value, string quiet, string origin)
    {
        _environment["PLACK_QUIET"] = value;
        Assert.Equal((quiet, origin), Of(Print(), "quiet"));
    }

    /// <summary>The columns of the three servers, as far as there are options for their rows.</summary>
    [Theory]
    [InlineData("plain", "max-workers", "1")]
    [InlineData("plain", "env", "production")]
    [InlineData("plain", "spawn-interval", "0")]
    [InlineData("plain", "err-respawn-interval", "1")]
    [InlineData("plain", "graceful-timeout", "30")]
    [InlineData("plain", "drain-keepalive", "5")]
    [InlineData("plain", "backlog", null)]
    [InlineData("plain", "port", "5000")]
    [InlineData("plain", "host", null)]
    [InlineData("plain", "max-reqs-per-child", "unlimited")]
    [InlineData("plain", "min-reqs-per-child", null)]
    [InlineData("plain", "surge", "1")]
    [InlineData("plain", "worker-timeout", "60")]
    [InlineData("starlet", "max-workers", "10")]
    [InlineData("starlet", "env", "development")]
    [InlineData("starlet", "spawn-interval", "0")]
    [InlineData("starlet", "err-respawn-interval", "1")]
    [InlineData("starlet", "graceful-timeout", "unlimited")]
    [InlineData("starlet", "drain-keepalive", "2")]
    [InlineData("starlet", "backlog", null)]
    [InlineData("starlet", "port", "5000")]
    [InlineData("starlet", "host", null)]
    [InlineData("starlet", "max-reqs-per-child", "100")]
    [InlineData("starlet", "min-reqs-per-child", null)]
    [InlineData("starlet", "surge", "all")]
    [InlineData("starlight", "max-workers", "10")]
    [InlineData("starlight", "env", "production")]
    [InlineData("starlight", "spawn-interval", "0")]
    [InlineData("starlight", "err-respawn-interval", "0")]
    [InlineData("starlight", "graceful-timeout", "unlimited")]
    [InlineData("starlight", "drain-keepalive", "2")]
    [InlineData("starlight", "backlog", null)]
    [InlineData("starlight", "port", "5000")]
    [InlineData("starlight", "host", null)]
    [InlineData("starlight", "max-reqs-per-child", "1000")]
    [InlineData("starlight", "min-reqs-per-child", null)]
    [InlineData("starlight", "surge", "1")]
    [InlineData("starman", "max-workers", "5")]
    [InlineData("starman", "env", "production")]
    [InlineData("starman", "spawn-interval", "0")]
    [InlineData("starman", "err-respawn-interval", "0")]
    [InlineData("starman", "graceful-timeout", "unlimited")]
    [InlineData("starman", "drain-keepalive", "1")]
    [InlineData("starman", "backlog", "1024")]
    [InlineData("starman", "port", "5000")]
    [InlineData("starman", "host", null)]
    [InlineData("starman", "max-reqs-per-child", "1000")]
    [InlineData("starman", "surge", "all")]
    [InlineData("plain", "timeout", null)]
    [InlineData("plain", "read-timeout", null)]
    [InlineData("plain", "keepalive-timeout", null)]
    [InlineData("plain", "max-keepalive-reqs", null)]
    [InlineData("plain", "defer-accept", "0")]
    [InlineData("plain", "max-header-size", null)]
    [InlineData("plain", "max-headers", null)]
    [InlineData("plain", "max-request-line", null)]
    [InlineData("plain", "max-body", null)]
    [InlineData("plain", "server-software", null)]
    [InlineData("plain", "http", "h1h2")]
    [InlineData("starlet", "timeout", "300")]
    [InlineData("starlet", "read-timeout", null)]
    [InlineData("starlet", "keepalive-timeout", "2")]
    [InlineData("starlet", "max-keepalive-reqs", "1")]
    [InlineData("starlet", "defer-accept", "1")]
    [InlineData("starlet", "max-header-size", "128K")]
    [InlineData("starlet", "max-headers", null)]
    [InlineData("starlet", "max-request-line", "128K")]
    [InlineData("starlet", "max-body", "unlimited")]
    [InlineData("starlet", "server-software", "Starlet")]
    [InlineData("starlight", "timeout", "300")]
    [InlineData("starlight", "read-timeout", null)]
    [InlineData("starlight", "keepalive-timeout", "2")]
    [InlineData("starlight", "max-keepalive-reqs", "1")]
    [InlineData("starlight", "defer-accept", "1")]
    [InlineData("starlight", "max-header-size", "128K")]
    [InlineData("starlight", "max-headers", null)]
    [InlineData("starlight", "max-request-line", "128K")]
    [InlineData("starlight", "max-body", "unlimited")]
    [InlineData("starlight", "server-software", "Starlight")]
    [InlineData("starman", "timeout", "unlimited")]
    [InlineData("starman", "read-timeout", "5")]
    [InlineData("starman", "keepalive-timeout", "1")]
    [InlineData("starman", "max-keepalive-reqs", null)]
    [InlineData("starman", "defer-accept", "0")]
    [InlineData("starman", "max-header-size", "1M")]
    [InlineData("starman", "max-headers", "1000")]
    [InlineData("starman", "max-request-line", "1M")]
    [InlineData("starman", "max-body", "unlimited")]
    [InlineData("starman", "server-software", "\"\"")]
    [InlineData("plain", "disable-proctitle", "0")]
    [InlineData("starlet", "disable-proctitle", "1")]
    [InlineData("starlight", "disable-proctitle", "1")]
    [InlineData("starman", "disable-proctitle", "0")]
    [InlineData("plain", "forwarded", "auto")]
    [InlineData("starlet", "forwarded", "off")]
    [InlineData("starlight", "forwarded", "off")]
    [InlineData("starman", "forwarded", "off")]
    public void A_preset_has_exactly_the_documented_defaults(string preset, string option, string? value) =>
        Assert.Equal(value, Of(preset == "plain" ? Print() : Print("--preset", preset), option).Value);

    [Theory]
    [InlineData("1.5", "1.5")]
    [InlineData("60", "5")]
    [InlineData("unlimited", "5")]
    [InlineData("0", "5")]
    public void A_connection_may_be_idle_for_no_longer_in_a_drain_than_otherwise(string keepAlive, string drain)
    {
        Assert.Equal((drain, "default"), Of(Print("--keepalive-timeout", keepAlive), "drain-keepalive"));
        Assert.Equal(("9", "command line"), Of(Print("--keepalive-timeout", keepAlive, "--drain-keepalive", "9"), "drain-keepalive"));
    }

    [Theory]
    [InlineData("starlet", "defer-accept=1 disable-proctitle=1 drain-keepalive=2 env=development err-respawn-interval=1 forwarded=off graceful-timeout=unlimited keepalive-timeout=2 max-body=unlimited "
        + "max-header-size=128K max-keepalive-reqs=1 max-reqs-per-child=100 max-request-line=128K max-workers=10 server-software=Starlet spawn-interval=0 surge=all timeout=300")]
    [InlineData("starlight", "defer-accept=1 disable-proctitle=1 drain-keepalive=2 env=production err-respawn-interval=0 forwarded=off graceful-timeout=unlimited keepalive-timeout=2 "
        + "max-body=unlimited max-header-size=128K max-keepalive-reqs=1 max-reqs-per-child=1000 max-request-line=128K max-workers=10 server-software=Starlight spawn-interval=0 timeout=300")]
    [InlineData("starman", "backlog=1024 drain-keepalive=1 env=production err-respawn-interval=0 forwarded=off graceful-timeout=unlimited keepalive-timeout=1 max-body=unlimited "
        + "max-header-size=1M max-headers=1000 max-reqs-per-child=1000 max-request-line=1M max-workers=5 read-timeout=5 server-software=\"\" surge=all timeout=unlimited")]
    public void A_preset_says_nothing_else(string preset, string values)
    {
        var said = Regex.Matches(Print("--preset", preset), $"^([a-z-]+) = (.*?) +# preset {preset}$", RegexOptions.Multiline)
            .Select(line => $"{line.Groups[1].Value}={line.Groups[2].Value}");

        Assert.Equal(values.Split(' '), said.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("starlet")]
    [InlineData("starlight")]
    [InlineData("starman")]
    public void Memory_is_shared_out_whatever_the_preset(string preset)
    {
        Heap = HeapShare.Of(new ContainerMemory(600 << 20, "/memory.max"), 2, [], null);

        Assert.Matches("#heap of each worker: at most 200M +# the 600M of /memory.max", Print("--preset", preset));
    }

    [Theory]
    [InlineData("plain", "TERM", "stop gracefully")]
    [InlineData("starlet", "TERM", "stop gracefully")]
    [InlineData("starlight", "TERM", "stop gracefully")]
    [InlineData("plain", "INT", "stop gracefully")]
    [InlineData("starlet", "INT", "stop gracefully")]
    [InlineData("starlight", "INT", "stop gracefully")]
    [InlineData("starman", "TERM", "stop fast")]
    [InlineData("starman", "INT", "stop fast")]
    [InlineData("starman", "QUIT", "stop gracefully")]
    [InlineData("plain", "HUP", "restart, worker by worker")]
    [InlineData("starlet", "HUP", "restart, all workers at once")]
    [InlineData("starlight", "HUP", "restart, worker by worker")]
    [InlineData("starman", "HUP", "restart, all workers at once")]
    public void A_preset_has_exactly_the_documented_signals(string preset, string signal, string meaning) =>
        Assert.Matches($"(?m)^#{signal}: {meaning} +# {(preset == "plain" ? "default" : $"preset {preset}")}$", preset == "plain" ? Print() : Print("-s", preset));

    [Fact]
    public void Starts_that_are_paced_come_one_by_one_whatever_the_surge() =>
        Assert.Matches("(?m)^#HUP: restart, worker by worker ", Print("-s", "starlet", "--spawn-interval", "2"));

    [Theory]
    [InlineData("Starlet", "10")]
    [InlineData("starlight", "10")]
    [InlineData("Starman", "5")]
    [InlineData("StarletNet", "1")]
    public void The_names_of_plackup_choose_a_preset(string server, string workers) => Assert.Equal(workers, Of(Print("-s", server), "max-workers").Value);
}
