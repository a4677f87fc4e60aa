using StarletNet.Master.Listening;

namespace StarletNet.Master.Options;

/// <summary>Everything an operator can choose, already valid; nothing has been opened, bound or looked up yet.</summary>
internal sealed record MasterOptions
{
    /// <summary>As given; null: app.dll in the current directory.</summary>
    internal string? Application { get; init; }

    /// <summary>Passed to the application as they are.</summary>
    internal IReadOnlyList<string> ApplicationArguments { get; init; } = [];

    /// <summary>What was asked for; empty if nothing was.</summary>
    internal IReadOnlyList<ListenSpec> Listen { get; init; } = [];

    /// <summary>Null: as long as the kernel allows.</summary>
    internal int? Backlog { get; init; }

    internal required int MaxWorkers { get; init; }

    internal TimeSpan SpawnInterval { get; init; } = TimeSpan.Zero;

    internal TimeSpan ErrRespawnInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>0: never give up.</summary>
    internal int BootFailureLimit { get; init; } = 3;

    internal TimeSpan WorkerBootTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Zero: no limit. The default is that of the .NET host and of the usual orchestrators.</summary>
    internal TimeSpan GracefulTimeout { get; init; } = TimeSpan.FromSeconds(30);

    internal TimeSpan DrainKeepAlive { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>pool</c>.</summary>
    internal string Loop { get; init; } = "pool";

    /// <summary>As given; null: what is inherited.</summary>
    internal string? EnvironmentName { get; init; }

    internal string? PidFile { get; init; }
}
