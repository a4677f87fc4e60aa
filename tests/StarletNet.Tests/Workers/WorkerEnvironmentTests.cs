using StarletNet.Master.Listening;
using StarletNet.Master.Options;
using StarletNet.Master.Pool;
using StarletNet.Master.Workers;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Tests.Workers;

public sealed class WorkerEnvironmentTests
{
    private readonly Dictionary<string, string> _inherited = new() { ["HOME"] = "/home/web" };
    private ContainerMemory? _memory;
    private string? _ownHeapLimit;
    private int? _accessLog;
    private IReadOnlyList<string> _answered = [];
    private MasterOptions _options = new() { MaxWorkers = 4, GracefulTimeout = TimeSpan.FromSeconds(30), DrainKeepAlive = TimeSpan.FromSeconds(0.5) };

    private Listener[] _listeners = [new("a", 7, HttpVersions.Usual), new("b", 9, HttpVersions.Http2)];

    private IReadOnlyDictionary<string, string> Of(int workers = 4, int slot = 2) =>
        new WorkerEnvironment(_inherited, _options, _listeners, "/opt/StarletNet.Hosting.dll") { Memory = () => _memory, AnsweredPaths = () => _answered }
            .Of(new Worker(5, slot, Generation: 3, TimeSpan.Zero), workers, controlFd: 11, scoreboard: (13, 4), requests: 87, accessLog: _accessLog, ownHeapLimit: _ownHeapLimit);

    [Fact]
    public void A_worker_is_told_what_it_needs()
    {
        var variables = Of();

        Assert.Equal("7;9?http=h2", variables["STARLETNET_WORKER_LISTEN"]);
        Assert.Equal("11", variables["STARLETNET_CONTROL_FD"]);
        Assert.Equal("13:4", variables["STARLETNET_SCOREBOARD"]);
        Assert.Equal("inline", variables["STARLETNET_WORKER_LOOP"]);
        Assert.Equal("1", variables["STARLETNET_WORKER_LOOPS"]);
        Assert.Equal("256", variables["STARLETNET_WORKER_THREADS"]);
        Assert.Equal("30000", variables["STARLETNET_WORKER_GRACEFUL_MS"]);
        Assert.Equal("500", variables["STARLETNET_WORKER_KEEPALIVE_MS"]);
        Assert.Equal("87", variables["STARLETNET_WORKER_MAX_REQUESTS"]);
        Assert.Equal("1000", variables["STARLETNET_WORKER_HEARTBEAT_MS"]);
        Assert.Equal("2", variables["STARLETNET_WORKER_SLOT"]);
        Assert.Equal("4", variables["STARLETNET_WORKERS"]);
        Assert.Equal("3", variables["STARLETNET_GENERATION"]);
        Assert.Equal("/home/web", variables["HOME"]);
    }

    [Fact]
    public void A_place_keeps_its_socket_and_one_that_was_added_shares_somebodys()
    {
        _listeners = [new("a", 7, HttpVersions.Usual, Tls: true) { Siblings = [7, 8, 12] }, new("b", 9, HttpVersions.Usual)];

        Assert.Equal(["7?ssl&own;9", "8?ssl&own;9", "12?ssl&own;9", "7?ssl&own;9"], Enumerable.Range(0, 4).Select(slot => Of(slot: slot)["STARLETNET_WORKER_LISTEN"]));
        Assert.Equal(new WorkerListener(8, HttpVersions.Usual, Tls: true, Own: true), WorkerListener.Parse("8?ssl&own").Single());
    }

    [Fact]
    public void What_was_chosen_for_http_is_handed_over_and_what_a_preset_chose_yields()
    {
        Assert.DoesNotContain("STARLETNET_WORKER_HTTP", Of().Keys);

        _options = _options with
        {
            Http = new HttpChoices { Timeout = TimeSpan.FromSeconds(1.5), MaxBody = 0, ServerSoftware = "a & b" },
            FromPreset = new HashSet<string> { "max-body" },
        };

        Assert.Equal("timeout=1500&max-body~0&server-software=a%20%26%20b", Of()["STARLETNET_WORKER_HTTP"]);
    }

    [Fact]
    public void What_a_worker_does_by_itself_is_said_only_if_it_should_not()
    {
        _options = _options with { Http = new HttpChoices { BelievesNearProxies = false, RefusesExpectations = true } };

        Assert.Equal("forwarded=0&expectations=1", Of()["STARLETNET_WORKER_HTTP"]);
    }

    [Fact]
    public void What_is_off_unless_asked_for_is_not_mentioned()
    {
        string[] names = ["STARLETNET_WORKER_DEBUG", "STARLETNET_WORKER_QUIT", "STARLETNET_WORKER_ACCESS_LOG_BUFFER"];
        Assert.DoesNotContain(Of().Keys, names.Contains);

        _options = _options with
        {
            Http = new HttpChoices { KeepsAppEndpoints = true, HarakiriHeader = true },
            WorkerQuit = "dump",
            Observing = new ObservingChoices { LogLevel = "debug", AccessLogBuffer = 65536, AccessLogFlush = TimeSpan.FromSeconds(0.5) },
        };
        _accessLog = 12;

        Assert.Equal("keep-app-endpoints=1&harakiri-header=1", Of()["STARLETNET_WORKER_HTTP"]);
        Assert.Equal(["1", "dump", "65536:500"], names.Select(name => Of()[name]));
    }

    [Fact]
    public void A_worker_is_told_by_which_path_its_application_is_known()
    {
        Assert.DoesNotContain("STARLETNET_WORKER_IDENTITY", Of().Keys);

        var variables = new WorkerEnvironment(_inherited, _options, [], "/opt/StarletNet.Hosting.dll")
            .Of(new Worker(5, Slot: 2, Generation: 3, TimeSpan.Zero), 1, controlFd: 11, scoreboard: null, requests: 0, held: [12], identity: "/srv/app");

        Assert.Equal("/srv/app", variables["STARLETNET_WORKER_IDENTITY"]);
    }

    [Fact]
    public void What_to_warm_up_with_is_given_and_what_was_answered_most_only_if_it_is_asked_for()
    {
        string[] names = ["STARLETNET_WORKER_WARMUP", "STARLETNET_WORKER_WARMUP_MS", "STARLETNET_WORKER_WARMUP_COUNT"];
        _answered = ["/often", "/given"];
        Assert.DoesNotContain(names, name => Of().ContainsKey(name));

        _options = _options with { WarmUp = new WarmUpChoice(["/given?a=b"], IsAuto: false), WarmUpTime = TimeSpan.FromSeconds(2) };
        Assert.Equal(["/given?a=b", "2000", null], names.Select(name => Of().GetValueOrDefault(name)));

        _options = _options with { WarmUp = new WarmUpChoice(["/given"], IsAuto: true) };
        Assert.Equal(["/given,/often", "2000", "1"], names.Select(name => Of().GetValueOrDefault(name)));

        _answered = [];
        _options = _options with { WarmUp = new WarmUpChoice([], IsAuto: true) };
        Assert.Equal([null, null, "1"], names.Select(name => Of().GetValueOrDefault(name)));
    }

    [Fact]
    public void Connections_that_are_not_kept_alive_have_one_request()
    {
        _options = _options with { Http = new HttpChoices { KeepAliveTimeout = TimeSpan.Zero } };
        Assert.Equal("max-keepalive-reqs=1", Of()["STARLETNET_WORKER_HTTP"]);

        _options = _options with { Http = new HttpChoices { DisableKeepAlive = true, MaxKeepAliveRequests = 7 } };
        Assert.Equal("max-keepalive-reqs=1", Of()["STARLETNET_WORKER_HTTP"]);

        _options = _options with { Http = new HttpChoices { KeepAliveTimeout = HttpChoices.Unlimited } };
        Assert.Equal("keepalive-timeout=0", Of()["STARLETNET_WORKER_HTTP"]);
    }

    [Fact]
    public void What_was_meant_for_the_master_alone_does_not_reach_it()
    {
        foreach (var name in new[] { "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "SERVER_STARTER_PORT" }) _inherited[name] = "1";
        _inherited["SERVER_STARTER_GENERATION"] = "12";

        var variables = Of();

        Assert.Equal("12", variables["SERVER_STARTER_GENERATION"]);
        Assert.DoesNotContain(variables.Keys, name => name is "NOTIFY_SOCKET" or "SERVER_STARTER_PORT" || name.StartsWith("LISTEN_", StringComparison.Ordinal));
    }

    [Fact]
    public void The_hook_comes_first_and_the_users_own_value_is_saved()
    {
        _inherited["DOTNET_STARTUP_HOOKS"] = "/x/profiler.dll";

        var variables = Of();

        Assert.Equal("/opt/StarletNet.Hosting.dll:/x/profiler.dll", variables["DOTNET_STARTUP_HOOKS"]);
        Assert.Equal("/x/profiler.dll", variables["STARLETNET_SAVED_DOTNET_STARTUP_HOOKS"]);
        Assert.Equal("DOTNET_STARTUP_HOOKS,DOTNET_gcServer", variables["STARLETNET_RESTORE"]);
    }

    [Fact]
    public void Several_workers_do_without_server_gc_unless_the_user_has_chosen()
    {
        Assert.Equal("0", Of()["DOTNET_gcServer"]);
        Assert.False(Of(workers: 1).ContainsKey("DOTNET_gcServer"));
        Assert.DoesNotContain(Of().Keys, name => name == "STARLETNET_SAVED_DOTNET_gcServer");

        _inherited["DOTNET_gcServer"] = "1";

        Assert.Equal("1", Of()["DOTNET_gcServer"]);
        Assert.Equal("DOTNET_STARTUP_HOOKS", Of()["STARLETNET_RESTORE"]);
    }

    [Fact]
    public void Several_workers_share_the_memory_of_a_container_unless_somebody_has_chosen()
    {
        Assert.DoesNotContain("DOTNET_GCHeapHardLimit", Of().Keys);

        _memory = new ContainerMemory(500 << 20, "/sys/fs/cgroup/memory.max");

        Assert.Equal("6400000", Of()["DOTNET_GCHeapHardLimit"]);
        Assert.Equal("DOTNET_STARTUP_HOOKS,DOTNET_gcServer,DOTNET_GCHeapHardLimit", Of()["STARLETNET_RESTORE"]);
        // As many as there are when it starts.
        Assert.Equal("3200000", Of(workers: 9)["DOTNET_GCHeapHardLimit"]);
        Assert.False(Of(workers: 1).ContainsKey("DOTNET_GCHeapHardLimit"));

        _ownHeapLimit = "System.GC.HeapHardLimit";
        Assert.False(Of().ContainsKey("DOTNET_GCHeapHardLimit"));

        (_ownHeapLimit, _inherited["DOTNET_GCHeapHardLimit"]) = (null, "0");
        Assert.Equal("0", Of()["DOTNET_GCHeapHardLimit"]);
    }

    [Theory]
    [InlineData("production", "Production")]
    [InlineData("deployment", "Production")]
    [InlineData("development", "Development")]
    [InlineData("staging", "Staging")]
    [InlineData("Testing", "Testing")]
    public void Env_beats_what_is_inherited(string given, string name)
    {
        _inherited["ASPNETCORE_ENVIRONMENT"] = "Other";
        _options = _options with { EnvironmentName = given };

        var variables = Of();

        Assert.Equal(name, variables["ASPNETCORE_ENVIRONMENT"]);
        Assert.Equal(name, variables["DOTNET_ENVIRONMENT"]);
        Assert.Equal(given, variables["PLACK_ENV"]);
    }

    [Theory]
    [InlineData("ASPNETCORE_ENVIRONMENT")]
    [InlineData("DOTNET_ENVIRONMENT")]
    public void Without_env_an_inherited_name_is_left_alone(string variable)
    {
        _inherited[variable] = "Other";
        _inherited["PLACK_ENV"] = "staging";

        var names = Of().Where(pair => pair.Key is "ASPNETCORE_ENVIRONMENT" or "DOTNET_ENVIRONMENT");

        Assert.Equal(KeyValuePair.Create(variable, "Other"), Assert.Single(names));
    }

    [Fact]
    public void Then_plack_env_counts_and_then_it_is_production()
    {
        Assert.Equal("Production", Of()["ASPNETCORE_ENVIRONMENT"]);
        Assert.False(Of().ContainsKey("PLACK_ENV"));

        _inherited["PLACK_ENV"] = "development";

        Assert.Equal("Development", Of()["DOTNET_ENVIRONMENT"]);
    }

    [Theory]
    [InlineData("staging", "ASPNETCORE_ENVIRONMENT", "Staging")]
    [InlineData(null, "ASPNETCORE_ENVIRONMENT", "other")]
    [InlineData(null, "DOTNET_ENVIRONMENT", "other")]
    [InlineData(null, "PLACK_ENV", "other")]
    [InlineData(null, "HOME", "Production")]
    public void What_is_said_of_a_worker_is_what_it_will_find(string? given, string variable, string name)
    {
        _inherited[variable] = "other";
        _options = _options with { EnvironmentName = given };

        Assert.Equal(name, WorkerEnvironment.NameFor(_options, _inherited.GetValueOrDefault));
        Assert.Equal(name, Of().GetValueOrDefault("ASPNETCORE_ENVIRONMENT") ?? Of()["DOTNET_ENVIRONMENT"]);
    }

    [Fact]
    public void The_environment_of_a_preset_is_told_in_its_own_words_too()
    {
        _options = _options with { Preset = "starlet", UsualEnvironment = "development" };
        Assert.Equal(("Development", "development"), (Of()["DOTNET_ENVIRONMENT"], Of()["PLACK_ENV"]));

        _inherited["PLACK_ENV"] = "staging";
        Assert.Equal(("Staging", "staging"), (Of()["DOTNET_ENVIRONMENT"], Of()["PLACK_ENV"]));

        // It yields to any name that is inherited, and then says nothing.
        _inherited.Remove("PLACK_ENV");
        _inherited["ASPNETCORE_ENVIRONMENT"] = "Other";
        Assert.DoesNotContain("PLACK_ENV", Of().Keys);
    }
}
