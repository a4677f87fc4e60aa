using StarletNet.Shared.Errors;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.CommandLine;

public sealed class StartServerOptionsTests
{
    private static StartServerOptions Parse(params string[] arguments) =>
        Assert.IsType<StartServerOptions>(StartServerOptions.Parse([.. arguments, "--", "program", "-x"], _ => null));

    private static OperatorException Refused(string[] arguments, params (string Name, string Value)[] environment) =>
        Assert.Throws<OperatorException>(() => StartServerOptions.Parse(
            arguments, name => environment.Where(v => v.Name == name).Select(v => v.Value).FirstOrDefault()));

    [Fact]
    public void Defaults_are_server_starters()
    {
        var options = Parse();
        Assert.Equal(["program", "-x"], options.Program);
        Assert.Empty(options.Ports);
        Assert.Empty(options.Paths);
        Assert.Equal(int.MaxValue, options.Backlog);
        Assert.Equal(TimeSpan.FromSeconds(1), options.Policy.Interval);
        Assert.Equal(TimeSpan.FromSeconds(60), options.Policy.ReadyTimeout);
        Assert.Equal(TimeSpan.Zero, options.Policy.KillOldDelay);
        Assert.Equal((Signal.Term, Signal.Term), (options.Policy.OnHup.Signal, options.Policy.OnTerm.Signal));
        Assert.Equal((null, null, null, null, null), (options.Directory, options.PidFile, options.StatusFile, options.LogFile, options.EnvDirectory));
        Assert.Empty(options.Twins);
    }

    [Fact]
    public void Ports_and_paths_keep_their_order_and_of_the_others_the_last_wins()
    {
        var options = Parse("--port", "80", "--path=/a", "-port=81", "--path", "/b", "--dir", "x", "--dir=y");
        Assert.Equal([80, 81], options.Ports.Select(port => port.Port));
        Assert.Equal(["/a", "/b"], options.Paths);
        Assert.Equal("y", options.Directory);
    }

    [Theory]
    [InlineData("0", int.MaxValue)]
    [InlineData("-1", int.MaxValue)]
    [InlineData("5", 5)]
    public void Backlog_0_and_below_is_as_long_as_the_kernel_allows(string given, int expected) =>
        Assert.Equal(expected, Parse("--backlog", given).Backlog);

    [Theory]
    [InlineData("usr1", "USR1")]
    [InlineData("SIGUSR1", "USR1")]
    [InlineData("10", "10")]
    public void A_signal_is_a_name_in_any_case_or_a_number(string given, string shown)
    {
        Assert.Equal((Signal.Usr1, shown), (Parse("--signal-on-hup", given).Policy.OnHup.Signal, Parse("--signal-on-hup", given).Policy.OnHup.Name));
        Assert.Equal(Signal.Usr1, Parse("--signal-on-term", given).Policy.OnTerm.Signal);
    }

    [Fact]
    public void Kill_old_delay_wins_over_its_twin_and_is_handed_on()
    {
        var options = Assert.IsType<StartServerOptions>(StartServerOptions.Parse(["--kill-old-delay=3", "p"], name => name == "KILL_OLD_DELAY" ? "9" : null));
        Assert.Equal((TimeSpan.FromSeconds(3), "3"), (options.Policy.KillOldDelay, options.Twins["KILL_OLD_DELAY"]));
    }

    [Theory]
    [InlineData("9", 9)]
    [InlineData("0", 0)]
    [InlineData("", 0)]
    public void The_twin_of_kill_old_delay_is_read(string value, int seconds)
    {
        var options = StartServerOptions.Parse(["p"], name => name == "KILL_OLD_DELAY" ? value : null);
        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.IsType<StartServerOptions>(options).Policy.KillOldDelay);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("", null, null)]
    [InlineData("/inherited", null, "/inherited")]
    [InlineData("/inherited", "/option", "/option")]
    public void Envdir_wins_over_its_twin(string? inherited, string? option, string? expected)
    {
        string[] words = option is null ? ["p"] : ["--envdir", option, "p"];
        var options = Assert.IsType<StartServerOptions>(StartServerOptions.Parse(words, name => name == "ENVDIR" ? inherited : null));
        Assert.Equal((expected, option), (options.EnvDirectory, options.Twins.GetValueOrDefault("ENVDIR")));
    }

    [Theory]
    [InlineData(null, false, 0)]
    [InlineData("", false, 0)]
    [InlineData("0", false, 0)]
    [InlineData("1", true, 5)]
    [InlineData("no", true, 5)]
    public void The_twin_of_auto_restart_is_on_unless_empty_or_0_and_brings_a_kill_old_delay(string? value, bool on, int delay)
    {
        var options = Assert.IsType<StartServerOptions>(StartServerOptions.Parse(["p"], name => name == "ENABLE_AUTO_RESTART" ? value : null));
        Assert.Equal((on, TimeSpan.FromSeconds(360), TimeSpan.FromSeconds(delay)), (options.Policy.AutoRestart, options.Policy.AutoRestartInterval, options.Policy.KillOldDelay));
    }

    [Theory]
    [InlineData("KILL_OLD_DELAY", "0", 0)]
    [InlineData("KILL_OLD_DELAY", "", 0)]
    [InlineData("KILL_OLD_DELAY", "2", 2)]
    public void A_kill_old_delay_that_is_set_stays_also_with_auto_restart(string name, string value, int delay) => Assert.Equal(
        TimeSpan.FromSeconds(delay),
        Assert.IsType<StartServerOptions>(StartServerOptions.Parse(["--enable-auto-restart", "p"], asked => asked == name ? value : null)).Policy.KillOldDelay);

    [Fact]
    public void Auto_restart_and_its_interval_are_handed_on_and_an_interval_of_0_is_1()
    {
        var options = Parse("--enable-auto-restart", "--auto-restart-interval", "0");
        Assert.Equal(("1", "0"), (options.Twins["ENABLE_AUTO_RESTART"], options.Twins["AUTO_RESTART_INTERVAL"]));
        Assert.Equal((true, TimeSpan.FromSeconds(1)), (options.Policy.AutoRestart, options.Policy.AutoRestartInterval));
    }

    [Fact]
    public void Bounds_and_readiness_are_off_unless_given()
    {
        var given = Parse("--ready=Notify", "--ready-probe=tcp", "--port=0", "--max-start-attempts=2", "--watch=3", "--drain-timeout=4", "--max-old-generations=5", "--stop-timeout=6").Policy;
        Assert.Equal((Readiness.Notify, true, 2, 5), (given.Readiness, given.Probes, given.MaxStartAttempts, given.MaxOldGenerations));
        Assert.Equal((3.0, 4.0, 6.0), (given.Watch.TotalSeconds, given.DrainTimeout.TotalSeconds, given.StopTimeout.TotalSeconds));
        Assert.Equal(new SupervisionPolicy(), Parse().Policy);
    }

    [Theory]
    [InlineData("--check", true)]
    [InlineData("--orphans=keep", false)]
    [InlineData("--orphans=STOP", true)]
    public void Orphans_are_stopped_unless_they_are_to_be_kept(string option, bool stop)
    {
        var command = StartServerOptions.Parse([option, "p"], _ => null);
        Assert.Equal(stop, (command as StartServerOptions ?? Assert.IsType<CheckOnly>(command).Options).OrphansStop);
    }

    [Theory]
    [InlineData("--man", typeof(ShowMan))]
    [InlineData("--help", typeof(ShowHelp))]
    [InlineData("--version", typeof(ShowVersion))]
    [InlineData("--ver", typeof(ShowVersion))]
    [InlineData("-HELP", typeof(ShowHelp))]
    public void Help_and_version_need_no_program(string word, Type expected) =>
        Assert.IsType(expected, StartServerOptions.Parse([word], _ => null));

    [Theory]
    [InlineData(1, "Unknown option: bogus", "--bogus", "--help")]
    [InlineData(1, "Option s is ambiguous (signal-on-hup, signal-on-term, status-file, stop)", "--s")]
    [InlineData(1, "Option port requires an argument", "--port")]
    [InlineData(1, "Value \"0.5\" invalid for option interval (number expected)", "--interval=0.5", "p")]
    [InlineData(255, "--stop option requires --pid-file to be set as well", "--stop")]
    [InlineData(255, "--restart option requires --pid-file and --status-file to be set as well", "--re", "--pid-file", "p")]
    [InlineData(255, "--timeout belongs to a command to a running start_server: --restart, --abort, --stop, --list, --upgrade, --reconfigure", "--timeout", "5", "--", "p")]
    [InlineData(255, "invalid ``timeout'' value:-5: it must not be negative", "--stop", "--pid-file", "p", "--timeout", "-5")]
    [InlineData(1, "Option enable-auto-restart does not take an argument", "--enable-auto-restart=1", "--", "p")]
    [InlineData(255, "invalid ``log-file'' value:|: a command must follow the bar", "--log-file", " | ", "p")]
    [InlineData(255, "invalid ``ready'' value:soon: it must be auto, notify or alive", "--ready", "soon", "p")]
    [InlineData(255, "invalid ``max-start-attempts'' value:-1: it must not be negative", "--max-start-attempts", "-1", "p")]
    [InlineData(255, "invalid ``auto-restart-interval'' value:-1: it must not be negative", "--auto-restart-interval", "-1", "p")]
    [InlineData(255, "invalid ``ready-probe'' value:tcp: it asks the first TCP --port, and there is none; write tcp://HOST:PORT", "--ready-probe=tcp", "--port=u5000", "p")]
    [InlineData(255, "invalid ``orphans'' value:maybe: it must be stop or keep", "--orphans", "maybe", "p")]
    [InlineData(255, "server program not specified", "--check")]
    [InlineData(255, "server program not specified", "--port", "80", "--")]
    [InlineData(255, "invalid ``port'' value:x", "--port", "x", "p")]
    [InlineData(255, "invalid ``port'' value:81=5: descriptor 5 is already given to 80=5", "--port=80=5", "--port=81=5", "p")]
    [InlineData(255, "invalid ``path'' value:a;b: it must not contain ';'", "--path", "a;b", "p")]
    [InlineData(255, "invalid ``path'' value:a=b: it must not contain '='", "--path", "a=b", "p")]
    [InlineData(255, "invalid ``signal-on-hup'' value:NOPE: no such signal; write a name like TERM or a number", "--signal-on-hup", "NOPE", "p")]
    [InlineData(255, "invalid ``interval'' value:-1: it must not be negative", "--interval=-1", "p")]
    public void Bad_input_is_refused_in_one_line(int exitCode, string message, params string[] arguments)
    {
        var error = Refused(arguments);
        Assert.Equal((message, exitCode), (error.Message, error.ExitCode));
    }

    [Theory]
    [InlineData("KILL_OLD_DELAY", "soon")]
    [InlineData("AUTO_RESTART_INTERVAL", "1.5")]
    public void Bad_input_from_the_environment_is_refused_by_name(string name, string value) =>
        Assert.Contains(name, Refused(["p"], (name, value)).Message, StringComparison.Ordinal);

    [Fact]
    public void Options_that_the_original_lacks_have_no_abbreviation() =>
        Assert.Equal("Unknown option: ready-t; did you mean --ready-timeout?", Refused(["--ready-t=5", "p"]).Message);

    [Fact]
    public void Nothing_at_all_is_answered_with_the_usage()
    {
        var error = Refused([]);
        Assert.Equal(255, error.ExitCode);
        Assert.StartsWith("server program not specified\n\nUsage: start_server [options] -- program [argument...]\n", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Option control requires an argument", "--control", "--", "p")]
    [InlineData("option --listen is not supported: write --port [HOST:]PORT, or --path FILE for a Unix socket", "--listen", "80", "p")]
    [InlineData("option --chdir is not supported: write --dir DIR", "-chdir=/srv", "p")]
    [InlineData("option --workers is not supported: it belongs to the program; write it behind the program's name: start_server --port 80 -- starletnet --workers 4 app.dll", "--workers", "4", "p")]
    public void Options_of_other_servers_are_answered_with_what_is_meant(string message, params string[] arguments) => Assert.Equal(message, Refused(arguments).Message);

    /// <summary>Such a beginning means the original's option.</summary>
    [Fact]
    public void No_option_of_another_server_is_the_beginning_of_one_of_the_originals()
    {
        var foreign = ForeignOptions.All.SelectMany(option => option.Aliases.Append(option.Name)).ToArray();
        Assert.DoesNotContain(foreign, name => OptionTable.Options.Any(option => !option.Extension && option.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase)));
        Assert.DoesNotContain(foreign, name => OptionTable.Options.Any(option => option.Name == name));
        Assert.Equal(foreign.Distinct(), foreign);
    }
}
