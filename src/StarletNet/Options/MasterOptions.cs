using StarletNet.Master.Listening;

namespace StarletNet.Master.Options;

/// <summary>
/// Everything an operator can choose, already valid; nothing has been opened, bound or looked up yet. What a property is
/// initialised with is the option's default.
/// </summary>
internal sealed record MasterOptions
{
    internal const int MostWorkers = 1024;

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

    // ---- connections and requests ------------------------------------------------------------------------------

    internal HttpChoices Http { get; init; } = new();

    // ---- workers -----------------------------------------------------------------------------------------------

    /// <summary>CPUs that this process may use, for what depends on their number.</summary>
    internal int Processors { get; init; } = 1;

    /// <summary>Null: one per CPU, at least 2.</summary>
    internal int? MaxWorkers { get; init; }

    internal int Workers => MaxWorkers ?? Math.Max(2, Processors);

    internal TimeSpan SpawnInterval { get; init; } = TimeSpan.Zero;

    internal TimeSpan ErrRespawnInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>0: never give up.</summary>
    internal int BootFailureLimit { get; init; } = 3;

    internal TimeSpan WorkerBootTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Without effect; kept for <c>--check-config</c> and a word in the log.</summary>
    internal TimeSpan? MainProcessDelay { get; init; }

    /// <summary><c>pool</c>.</summary>
    internal string Loop { get; init; } = "pool";

    // ---- stopping ----------------------------------------------------------------------------------------------

    /// <summary>Zero: no limit. The default is that of the .NET host and of the usual orchestrators.</summary>
    internal TimeSpan GracefulTimeout { get; init; } = TimeSpan.FromSeconds(30);

    internal TimeSpan DrainKeepAlive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>TERM and INT give up what is unfinished, as Starman's do. Chosen by the preset.</summary>
    internal bool StopsFast { get; init; }

    // ---- application and process -------------------------------------------------------------------------------

    /// <summary>As given; null: app.dll in the current directory.</summary>
    internal string? Application { get; init; }

    /// <summary>Passed to the application as they are.</summary>
    internal IReadOnlyList<string> ApplicationArguments { get; init; } = [];

    /// <summary>As given; null: what is inherited, else <see cref="UsualEnvironment"/>.</summary>
    internal string? EnvironmentName { get; init; }

    /// <summary>Where nobody says anything. Chosen by the preset.</summary>
    internal string UsualEnvironment { get; init; } = "production";

    internal string? PidFile { get; init; }

    /// <summary>The start is not announced; warnings are.</summary>
    internal bool Quiet { get; init; }

    /// <summary>Name of the preset; null: our own defaults.</summary>
    internal string? Preset { get; init; }

    /// <summary>Options whose value nobody asked for but by the preset: they yield to what the application has chosen itself.</summary>
    internal IReadOnlySet<string> FromPreset { get; init; } = new HashSet<string>();
}
