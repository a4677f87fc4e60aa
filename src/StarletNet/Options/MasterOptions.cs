using StarletNet.Master.Listening;
using StarletNet.Master.Workers;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Options;

/// <summary>
/// Everything an operator can choose, already valid; nothing has been opened, bound or looked up yet. What a property is
/// initialised with is the option's default.
/// </summary>
internal sealed record MasterOptions
{
    internal const int MostWorkers = 1024, MostLoops = 64, MostThreads = 10_000;

    // ---- listening ---------------------------------------------------------------------------------------------

    /// <summary><c>--listen</c>, each.</summary>
    internal IReadOnlyList<ListenSpec> Listen { get; init; } = [];

    /// <summary>For <see cref="Port"/>; null: any address.</summary>
    internal string? Host { get; init; }

    /// <summary>Null: not given.</summary>
    internal int? Port { get; init; }

    internal ListenSpec? Socket { get; init; }

    /// <summary>What was asked for in any of these ways; empty if nothing was.</summary>
    internal IReadOnlyList<ListenSpec> Listeners =>
    [
        .. Listen,
        .. Host is not null || Port is not null ? [ListenSpec.Tcp(Host, Port ?? ListenSpec.DefaultPort)] : Array.Empty<ListenSpec>(),
        .. Socket is not null ? [Socket] : Array.Empty<ListenSpec>(),
    ];

    /// <summary>Null: as long as the kernel allows.</summary>
    internal int? Backlog { get; init; }

    internal HttpVersions HttpVersions { get; init; }

    internal AnyAddress AnyAddress { get; init; }

    /// <summary>Null: not, and on sockets of others as they are.</summary>
    internal bool? DeferAccept { get; init; }

    internal bool ReusePort { get; init; }

    /// <summary>Below that number of workers somebody's queue would be nobody's.</summary>
    internal int FewestWorkers => ReusePort ? Workers : 1;

    internal uint? SocketMode { get; init; }

    internal SocketOwner? SocketOwner { get; init; }

    /// <summary>Null: the application is at the root.</summary>
    internal string? Path { get; init; }

    internal TlsChoices Tls { get; init; } = new();

    /// <summary>Whether TLS is asked for; a start in which no listener has it then is refused.</summary>
    internal bool AnyTls => Tls.Everywhere || Listeners.Any(spec => spec.Tls == true);

    internal ListenDefaults ListenDefaults => new()
    {
        Backlog = Backlog,
        Http = HttpVersions,
        Tls = Tls.Everywhere,
        DeferAccept = DeferAccept,
        AnyAddress = AnyAddress,
        SocketMode = SocketMode,
        SocketOwner = SocketOwner,
        Siblings = ReusePort ? Workers : 1,
    };

    // ---- connections and requests ------------------------------------------------------------------------------

    internal HttpChoices Http { get; init; } = new();

    // ---- workers -----------------------------------------------------------------------------------------------

    /// <summary>CPUs that this process may use, for what depends on their number.</summary>
    internal int Processors { get; init; } = 1;

    /// <summary>
    /// One by default: ASP.NET Core applications assume a single process (SignalR, hosted services, sessions and caches in memory), and a .NET
    /// process uses all processors. Null: <c>auto</c>, one per processor, at least 2.
    /// </summary>
    internal int? MaxWorkers { get; init; } = 1;

    internal int Workers => MaxWorkers ?? Math.Max(2, Processors);

    internal TimeSpan SpawnInterval { get; init; } = TimeSpan.Zero;

    internal TimeSpan ErrRespawnInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>0: never give up.</summary>
    internal int BootFailureLimit { get; init; } = 3;

    internal TimeSpan WorkerBootTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What the application must answer before a worker is ready; null: nothing.</summary>
    internal string? ReadyPath { get; init; }

    /// <summary>What each worker asks of itself before it is ready.</summary>
    internal WarmUpChoice WarmUp { get; init; } = WarmUpChoice.None;

    /// <summary>How long that may take.</summary>
    internal TimeSpan WarmUpTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Without effect; kept for <c>--check-config</c> and a word in the log.</summary>
    internal TimeSpan? MainProcessDelay { get; init; }

    /// <summary><c>inline</c> or <c>pool</c>.</summary>
    internal string Loop { get; init; } = Inline;

    /// <summary>Event loops in each worker. Unless given, one per processor for a single worker, and one for each of several.</summary>
    internal int Loops
    {
        get => _loops ?? (Workers > 1 ? 1 : Math.Clamp(Math.Min(Processors, MaxThreads / 2), 1, MostLoops));
        init => _loops = value;
    }

    private readonly int? _loops;

    /// <summary>In each worker; at least two for each loop.</summary>
    internal int MaxThreads { get; init; } = 256;

    /// <summary>One worker must become ready before the others are started.</summary>
    internal bool PreloadApp { get; init; }

    /// <summary><c>preload</c> says the same as <see cref="PreloadApp"/>.</summary>
    internal string Loader { get; init; } = Delayed;

    internal const string Inline = "inline", Pool = "pool";

    internal const string Delayed = "delayed", Preload = "preload", Restarter = "restarter";

    internal bool TriesOneFirst => PreloadApp || Loader == Preload;

    // ---- replacing workers -------------------------------------------------------------------------------------

    /// <summary>0: no limit. Leaks are rare in .NET, and a new worker pays for compilation and cold caches.</summary>
    internal int MaxReqsPerChild { get; init; }

    /// <summary>Null: as many as <see cref="MaxReqsPerChild"/>.</summary>
    internal int? MinReqsPerChild { get; init; }

    /// <summary>Null: none.</summary>
    internal int? MaxRequestsJitter { get; init; }

    internal RequestShare RequestShare => MaxReqsPerChild == 0
        ? default
        : new RequestShare(MinReqsPerChild ?? Math.Max(1, MaxReqsPerChild - (MaxRequestsJitter ?? 0)), MaxReqsPerChild);

    /// <summary>Bytes; 0: no limit.</summary>
    internal long WorkerMaxMemory { get; init; }

    /// <summary>Zero: no limit.</summary>
    internal TimeSpan WorkerMaxAge { get; init; } = TimeSpan.Zero;

    /// <summary>Zero: no worker is ever taken for stuck.</summary>
    internal TimeSpan WorkerTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><see cref="MostWorkers"/>: as many as there are.</summary>
    internal int Surge { get; init; } = 1;

    /// <summary>For the shell; null: none.</summary>
    internal string? ChildExit { get; init; }

    // ---- stopping ----------------------------------------------------------------------------------------------

    /// <summary>Zero: no limit. The default is that of the .NET host and of the usual orchestrators.</summary>
    internal TimeSpan GracefulTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Unless given, no longer than connections are kept alive otherwise. Where they never are, only those wait that have sent nothing yet,
    /// and they wait as long as ever.
    /// </summary>
    internal TimeSpan DrainKeepAlive
    {
        get => _drainKeepAlive ?? (Http.KeepAliveTimeout is { } kept && kept > TimeSpan.Zero && kept < UsualDrainKeepAlive ? kept : UsualDrainKeepAlive);
        init => _drainKeepAlive = value;
    }

    private static readonly TimeSpan UsualDrainKeepAlive = TimeSpan.FromSeconds(5);

    private readonly TimeSpan? _drainKeepAlive;

    /// <summary>How long upgraded connections may stay with a worker that a deploy has replaced; zero: no longer than others.</summary>
    internal TimeSpan DrainWebSockets { get; init; }

    /// <summary>How long the service goes on after it was told to stop, with a health answer of 503; zero: not at all.</summary>
    internal TimeSpan StopDelay { get; init; }

    /// <summary>A worker that gets QUIT leaves its stacks in the log before it drains.</summary>
    internal string WorkerQuit { get; init; } = QuitDrain;

    internal const string QuitDrain = "drain", QuitDump = Shared.Contract.EnvironmentNames.QuitDump;

    /// <summary>TERM and INT give up what is unfinished, as Starman's do. Chosen by the preset.</summary>
    internal bool StopsFast { get; init; }

    // ---- application and process -------------------------------------------------------------------------------

    /// <summary>As given; null: app.dll in the current directory.</summary>
    internal string? Application { get; init; }

    /// <summary>Passed to the application as they are.</summary>
    internal IReadOnlyList<string> ApplicationArguments { get; init; } = [];

    /// <summary>To be built and served; null: none.</summary>
    internal string? Project { get; init; }

    /// <summary>The application is built first.</summary>
    internal bool Builds => Project is not null || Applications.SourceCode.IsCode(Application);

    /// <summary>Null: not given.</summary>
    internal bool? ShadowCopy { get; init; }

    /// <summary>Null: where temporary files go.</summary>
    internal string? ShadowDirectory { get; init; }

    /// <summary>Relative names in the application's directory.</summary>
    internal IReadOnlyList<string> ShadowLinks { get; init; } = [];

    /// <summary>Workers run from copies of the application's directory.</summary>
    internal bool RunsCopies => ShadowCopy ?? (Reloads || Builds);

    internal ReloadMode Reload { get; init; }

    /// <summary>What to watch; empty: where the application is.</summary>
    internal IReadOnlyList<string> ReloadDirectories { get; init; } = [];

    /// <summary>Changes of files are to lead to restarts.</summary>
    internal bool Reloads => Reload != ReloadMode.Off || Loader == Restarter || ReloadDirectories.Count > 0;

    /// <summary>As given; null: what is inherited, else <see cref="UsualEnvironment"/>.</summary>
    internal string? EnvironmentName { get; init; }

    /// <summary>Where nobody says anything. Chosen by the preset.</summary>
    internal string UsualEnvironment { get; init; } = "production";

    internal string? PidFile { get; init; }

    internal bool Daemonize { get; init; }

    /// <summary>Null: none; stdout and stderr stay what they are, or, in a daemon, are nobody's.</summary>
    internal string? ErrorLog { get; init; }

    internal ObservingChoices Observing { get; init; } = new();

    internal string? ChangeDirectory { get; init; }

    /// <summary>As given; null: see <see cref="Applications.ContentRoot"/>.</summary>
    internal string? ContentRoot { get; init; }

    /// <summary>A name or a number; null: who we are.</summary>
    internal string? User { get; init; }

    /// <summary>Names or numbers, separated by commas or blanks; null: those of <see cref="User"/>.</summary>
    internal string? Group { get; init; }

    internal bool AllowSetuidChildren { get; init; }

    /// <summary>Null: as inherited.</summary>
    internal uint? Umask { get; init; }

    /// <summary>The start is not announced; warnings are.</summary>
    internal bool Quiet { get; init; }

    /// <summary>Name of the preset; null: our own defaults.</summary>
    internal string? Preset { get; init; }

    /// <summary>Options whose value nobody asked for but by the preset: they yield to what the application has chosen itself.</summary>
    internal IReadOnlySet<string> FromPreset { get; init; } = new HashSet<string>();
}

/// <summary>Of <c>--warmup</c>.</summary>
/// <param name="Paths">Given ones.</param>
/// <param name="IsAuto">Also the paths that the workers before have answered most.</param>
internal sealed record WarmUpChoice(IReadOnlyList<string> Paths, bool IsAuto)
{
    internal const string Auto = "auto";

    internal static readonly WarmUpChoice None = new([], false);

    internal bool IsOn => IsAuto || Paths.Count > 0;
}

/// <summary>Of <c>--reload</c>.</summary>
internal enum ReloadMode
{
    Off,
    On,

    /// <summary>Also under start_server, whose business deploys are.</summary>
    Force,
}
