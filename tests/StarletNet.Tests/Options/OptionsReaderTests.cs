using StarletNet.Master.Listening;
using StarletNet.Master.Options;
using StarletNet.Master.Workers;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Tests.Options;

public sealed class OptionsReaderTests
{
    private readonly Dictionary<string, string> _environment = [];

    private MasterOptions Read(params string[] arguments) =>
        new OptionsReader(new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(arguments), _environment.GetValueOrDefault, processors: 4).Read();

    private string Refusal(params string[] arguments)
    {
        var error = Assert.Throws<OperatorException>(() => Read(arguments));
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
        Assert.DoesNotContain('\n', error.Message);
        return error.Message;
    }

    [Fact]
    public void Defaults_are_what_the_help_says()
    {
        var options = Read();

        Assert.Null(options.Application);
        Assert.Empty(options.Listeners);
        Assert.Null(options.Backlog);
        Assert.Equal(1, options.Workers);
        Assert.Equal(0, options.SpawnInterval.TotalSeconds);
        Assert.Equal(1, options.ErrRespawnInterval.TotalSeconds);
        Assert.Equal(3, options.BootFailureLimit);
        Assert.Equal(60, options.WorkerBootTimeout.TotalSeconds);
        Assert.Equal(30, options.GracefulTimeout.TotalSeconds);
        Assert.Equal(5, options.DrainKeepAlive.TotalSeconds);
        Assert.Equal("inline", options.Loop);
        Assert.Equal(4, options.Loops);
        Assert.Equal(256, options.MaxThreads);
        Assert.Null(options.EnvironmentName);
        Assert.Null(options.PidFile);
    }

    [Fact]
    public void Auto_is_one_worker_per_processor_and_at_least_two()
    {
        Assert.Equal(4, Read("-w", "auto").Workers);

        var commandLine = new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(["-w", "auto"]);
        Assert.Equal(2, new OptionsReader(commandLine, _ => null, processors: 1).Read().Workers);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(4, "-w", "0")]
    [InlineData(1, "-w", "2")]
    [InlineData(1, "-w", "auto")]
    [InlineData(3, "-w", "2", "--loops", "3")]
    [InlineData(2, "--max-threads", "5")]
    public void A_single_worker_has_a_loop_per_processor(int loops, params string[] given) => Assert.Equal(loops, Read(given).Loops);

    [Fact]
    public void Every_option_is_read_from_the_command_line()
    {
        var options = Read("-w7", "--spawn-interval=2", "--err_respawn_interval", "500ms", "--boot-failure-limit", "9", "--worker-boot-timeout", "1m",
            "--graceful-timeout", "1h", "--drain-keepalive", "0.5", "--loop", "pool", "-E", "staging", "--pid-file", "x.pid", "--backlog", "64", "app.dll");

        Assert.Equal(7, options.Workers);
        Assert.Equal(2, options.SpawnInterval.TotalSeconds);
        Assert.Equal(0.5, options.ErrRespawnInterval.TotalSeconds);
        Assert.Equal(9, options.BootFailureLimit);
        Assert.Equal(60, options.WorkerBootTimeout.TotalSeconds);
        Assert.Equal(1, options.GracefulTimeout.TotalHours);
        Assert.Equal(0.5, options.DrainKeepAlive.TotalSeconds);
        Assert.Equal("staging", options.EnvironmentName);
        Assert.Equal("x.pid", options.PidFile);
        Assert.Equal(64, options.Backlog);
        Assert.Equal("app.dll", options.Application);
    }

    [Theory]
    [InlineData("/a,/b?c=d", false, "/a", "/b?c=d")]
    [InlineData("auto", true)]
    [InlineData("/a, auto", true, "/a")]
    public void Paths_to_warm_up_with_are_read(string given, bool isAuto, params string[] paths)
    {
        var options = Read("--warmup", given, "--warmup-time", "2");

        Assert.Equal(isAuto, options.WarmUp.IsAuto);
        Assert.Equal(paths, options.WarmUp.Paths);
        Assert.Equal(2, options.WarmUpTime.TotalSeconds);
    }

    [Theory]
    [InlineData("option --warmup: 'a' is not a path", "--warmup", "a")]
    [InlineData("option --warmup: is empty", "--warmup", ",")]
    [InlineData("option --warmup-time: means nothing without --warmup", "--warmup-time", "2")]
    public void What_is_no_path_to_warm_up_with_is_refused(string message, params string[] given) => Assert.Contains(message, Refusal(given), StringComparison.Ordinal);

    [Fact]
    public void The_command_line_beats_the_environment_and_the_environment_the_default()
    {
        _environment["STARLETNET_MAX_WORKERS"] = "6";
        _environment["STARLETNET_GRACEFUL_TIMEOUT"] = "2";

        Assert.Equal(6, Read().Workers);
        Assert.Equal(3, Read("--workers", "3").Workers);
        Assert.Equal(2, Read("--workers", "3").GracefulTimeout.TotalSeconds);
    }

    [Fact]
    public void An_empty_variable_is_as_good_as_none()
    {
        _environment["STARLETNET_MAX_WORKERS"] = "";

        Assert.Equal(1, Read().Workers);
    }

    [Fact]
    public void A_bad_variable_is_named()
    {
        _environment["STARLETNET_MAX_WORKERS"] = "many";
        Assert.Contains("STARLETNET_MAX_WORKERS: 'many' is not auto or a whole number from 0 to 1024", Refusal());
        _environment.Clear();
        _environment["STARLETNET_LISTEN"] = ":8080; nonsense";
        Assert.Contains("STARLETNET_LISTEN: 'nonsense'", Refusal());
    }

    [Fact]
    public void Listen_addresses_of_the_environment_are_separated_by_semicolons_and_replaced_as_a_whole()
    {
        _environment["STARLETNET_LISTEN"] = ":8080;unix:/run/a.sock";

        Assert.Equal(2, Read().Listeners.Count);
        Assert.Equal(new ListenAddress.Tcp(null, 9090), Assert.Single(Read("-l", ":9090").Listeners).Address);
    }

    [Fact]
    public void Host_port_socket_and_listen_add_up()
    {
        var options = Read("--host", "127.0.0.1", "-p", "8080", "-S", "/run/a.sock", "-l", "[::1]:9", "-l", "@x");

        Assert.Equal(["[::1]:9", "@x", "127.0.0.1:8080", "unix:/run/a.sock"], options.Listeners.Select(spec => spec.Address.ToString()));
    }

    [Fact]
    public void A_host_alone_has_port_5000() =>
        Assert.Equal(new ListenAddress.Tcp("::1", 5000), Assert.Single(Read("--host", "::1").Listeners).Address);

    [Fact]
    public void The_same_address_twice_is_refused() =>
        Assert.Contains("127.0.0.1:80 is to be listened on twice", Refusal("-l", "127.0.0.1:80", "--host", "127.0.0.1", "--port", "80"));

    [Theory]
    [InlineData("127.0.0.1:80", "--metrics=127.0.0.1:80", "-l127.0.0.1:80")]
    [InlineData("127.0.0.1:80", "--metrics=127.0.0.1:80", "-l:80")]
    [InlineData(":80", "--metrics=80", "-l127.0.0.1:80")]
    [InlineData("127.0.0.1:5000", "--metrics=127.0.0.1:5000")]
    [InlineData("[::1]:5000", "--metrics=[::1]:5000")]
    [InlineData("[::1]:5000", "--metrics=[::1]:5000", "--ipv6=only")]
    [InlineData("@x", "--metrics=@x", "-l@x")]
    public void Metrics_where_the_application_is_served_are_refused(string address, params string[] arguments) =>
        Assert.Equal($"option --metrics: on {address} the application is served; give the metrics an address of their own", Refusal(arguments));

    [Theory]
    [InlineData("--metrics=127.0.0.1:80", "-l127.0.0.2:80")]
    [InlineData("--metrics=127.0.0.1:80", "-l:81")]
    [InlineData("--metrics=127.0.0.1:0", "-l127.0.0.1:0")]
    [InlineData("--metrics=127.0.0.1:5000", "-l@x")]
    [InlineData("--metrics=[::1]:5000", "--no-ipv6")]
    [InlineData("--metrics=127.0.0.1:5000", "--ipv6=only")]
    public void Metrics_elsewhere_are_not(params string[] arguments) => Assert.NotNull(Read(arguments).Observing.Metrics);

    [Fact]
    public void Metrics_may_be_where_nothing_is_bound_because_sockets_are_handed_over()
    {
        _environment["SERVER_STARTER_PORT"] = "8080=3";
        Assert.NotNull(Read("--metrics=127.0.0.1:5000").Observing.Metrics);
    }

    [Theory]
    [InlineData("option -w: ", "-w", "1x")]
    [InlineData("option --workers: ", "--workers=1x")]
    [InlineData("option --max_workers: ", "--max_workers=1x")]
    [InlineData("option --harakiri: ", "--harakiri=1x")]
    [InlineData("option --enable-reload: takes a master", "--enable-reload", "-w0")]
    public void An_error_names_the_option_as_it_was_written(string beginning, params string[] arguments) => Assert.StartsWith(beginning, Refusal(arguments));

    [Fact]
    public void What_follows_the_application_is_its_own()
    {
        var options = Read("-w", "2", "app.dll", "--workers", "9", "--", "-x");

        Assert.Equal(2, options.Workers);
        Assert.Equal("app.dll", options.Application);
        Assert.Equal(["--workers", "9", "--", "-x"], options.ApplicationArguments);
    }

    [Fact]
    public void With_app_every_word_is_the_applications()
    {
        var options = Read("-a", "x.dll", "first", "--second");

        Assert.Equal("x.dll", options.Application);
        Assert.Equal(["first", "--second"], options.ApplicationArguments);
    }

    [Fact]
    public void The_environment_names_the_application_only_where_no_word_does()
    {
        _environment["STARLETNET_APP"] = "env.dll";

        Assert.Equal("env.dll", Read().Application);
        Assert.Equal("word.dll", Read("word.dll").Application);
    }

    [Theory]
    [InlineData("")]
    [InlineData("", "more")]
    [InlineData("--port=0", "")]
    public void An_application_without_a_name_is_refused(params string[] arguments) =>
        Assert.Equal("the application's name is empty; give a file name", Refusal(arguments));

    [Theory]
    [InlineData("auto", 4)]
    [InlineData("1", 1)]
    [InlineData("1024", 1024)]
    public void Workers_may_be_a_number_or_auto(string value, int workers) => Assert.Equal(workers, Read("-w", value).Workers);

    [Fact]
    public void A_worker_has_at_least_two_threads_for_each_loop()
    {
        var options = Read("--loop", "pool", "--loops", "4", "--max-threads=8");

        Assert.Equal(("pool", 4, 8), (options.Loop, options.Loops, options.MaxThreads));
        Assert.Contains("needs at least 8", Refusal("--loops=4", "--max-threads=7"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("inf")]
    [InlineData("unlimited")]
    public void A_graceful_timeout_may_be_unlimited(string value) => Assert.Equal(TimeSpan.Zero, Read("--graceful-timeout", value).GracefulTimeout);

    [Theory]
    [InlineData("--max-workers", "1025", "from 0 to 1024")]
    [InlineData("--max-workers", "-1", "from 0 to 1024")]
    [InlineData("--port", "65536", "from 0 to 65535")]
    [InlineData("--port", "http", "from 0 to 65535")]
    [InlineData("--backlog", "0", "at least 1")]
    [InlineData("--graceful-timeout", "x", "is not a time")]
    [InlineData("--drain-keepalive", "-1", "is not a time")]
    [InlineData("--drain-keepalive", "0.0005", "'0.0005' is less than a millisecond; write 1ms or more")]
    [InlineData("--drain-keepalive", "0.00000001", "'0.00000001' is less than a millisecond; write 1ms or more")]
    [InlineData("--spawn-interval", "1d", "is not a time")]
    [InlineData("--err-respawn-interval", "", "is not a time")]
    [InlineData("--boot-failure-limit", "-1", "at least 0")]
    [InlineData("--worker-boot-timeout", "0", "more than 0")]
    [InlineData("--loop", "both", "there are inline and pool")]
    [InlineData("--loops", "0", "from 1 to 64")]
    [InlineData("--max-threads", "1", "from 2 to 10000")]
    [InlineData("--env", "", "is empty")]
    [InlineData("--pid", "", "is empty")]
    [InlineData("--socket", "", "is empty")]
    [InlineData("--host", "", "is empty")]
    public void A_bad_value_is_refused_by_name(string option, string value, string why)
    {
        var message = Refusal($"{option}={value}");

        Assert.StartsWith($"option {option}: ", message);
        Assert.Contains(why, message);
    }

    [Theory]
    [InlineData("--max-wokers=3", "did you mean --max-workers?")]
    [InlineData("--reloaded-at", "see --help")]
    [InlineData("-x", "see --help")]
    public void An_unknown_option_is_refused(string option, string hint) => Assert.Contains(hint, Refusal(option));

    [Theory]
    [InlineData("--min-reqs-per-child=20 --max-reqs-per-child=10", "option --min-reqs-per-child: 20 is more than --max-reqs-per-child, which is 10")]
    [InlineData("--min-reqs-per-child=20", "option --min-reqs-per-child: means nothing without --max-reqs-per-child")]
    [InlineData("--max-requests-jitter=20 --max-requests=10", "option --max-requests-jitter: 20 is more than --max-reqs-per-child")]
    [InlineData("--max-requests-jitter=2 --max-requests=10 --min-reqs-per-child=3", "says the same as --min-reqs-per-child")]
    [InlineData("--surge=0", "option --surge: '0' is not all or a whole number from 1 to 1024")]
    [InlineData("--worker-max-memory=1T", "option --worker-max-memory: '1T' is not a size")]
    [InlineData("--worker-max-memory=99999999999G", "is not a size")]
    [InlineData("--child-exit=", "option --child-exit: is empty; give a command")]
    [InlineData("-L Shotgun", "option -L: 'Shotgun' is not a loader; there are delayed, preload and restarter")]
    public void Numbers_that_do_not_go_together_are_refused(string arguments, string message) => Assert.Contains(message, Refusal(arguments.Split(' ')));

    [Theory]
    [InlineData("--max-requests=10", 10, 10)]
    [InlineData("--max-reqs-per-child=10 --min-reqs-per-child=4", 4, 10)]
    [InlineData("--max-requests=10 --max-requests-jitter=3", 7, 10)]
    [InlineData("--max-requests=10 --max-requests-jitter=10", 1, 10)]
    [InlineData("--max-requests=10 --min-reqs-per-child=0", 10, 10)]
    [InlineData("--max-requests=10 --max-requests-jitter=0 --min-reqs-per-child=4", 4, 10)]
    [InlineData("--min-reqs-per-child=0", 0, 0)]
    [InlineData("--max-requests=0", 0, 0)]
    [InlineData("--max-requests=inf", 0, 0)]
    public void A_share_of_requests_has_two_ends(string arguments, int least, int most) =>
        Assert.Equal(new RequestShare(least, most), Read(arguments.Split(' ')).RequestShare);

    [Theory]
    [InlineData("512M", 512L << 20)]
    [InlineData("2g", 2L << 30)]
    [InlineData("1000", 1000)]
    [InlineData("unlimited", 0)]
    public void A_size_has_a_unit(string size, long bytes) => Assert.Equal(bytes, Read("--reload-on-rss", size).WorkerMaxMemory);
}
