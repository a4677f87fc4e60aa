using StarletNet.Master.Listening;

namespace StarletNet.Master.Options;

/// <summary>How the service shows what it does.</summary>
internal sealed record ObservingChoices
{
    /// <summary>No status socket at all.</summary>
    internal const string None = "none";

    /// <summary>Of <see cref="LogLevel"/>: each event of the pool, and the workers' own words.</summary>
    internal const string Debug = "debug";

    /// <summary>ps(1) shows what we were started with, and nothing of what we do.</summary>
    internal bool NoTitles { get; init; }

    /// <summary>A file, or <c>-</c> for standard output; null: none.</summary>
    internal string? AccessLog { get; init; }

    /// <summary>A name or a template that <see cref="Shared.Contract.AccessLogFormat"/> reads.</summary>
    internal string AccessLogFormat { get; init; } = Shared.Contract.AccessLogFormat.Combined;

    /// <summary>Bytes of lines that a worker gathers before it writes them; 0: each is written at once.</summary>
    internal int AccessLogBuffer { get; init; }

    /// <summary>How long it keeps them at most.</summary>
    internal TimeSpan AccessLogFlush { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Of the master's own events: the least important ones that are written.</summary>
    internal string LogLevel { get; init; } = "information";

    /// <summary>How they look: <see cref="Output.LogForms.Text"/> or <see cref="Output.LogForms.Json"/>.</summary>
    internal string LogFormat { get; init; } = Output.LogForms.Text;

    /// <summary>The files that they are written to besides stderr; null: none.</summary>
    internal string? MasterLog { get; init; }

    /// <summary>How many of those stay; 0: all. Default 31: Serilog's, a month.</summary>
    internal int MasterLogKeep { get; init; } = 31;

    /// <summary>A path, <c>@NAME</c> or <see cref="None"/>; null: the one that is named after the master's pid, which is there besides any other.</summary>
    internal string? StatusSocket { get; init; }

    /// <summary>Null: none.</summary>
    internal ListenSpec? Metrics { get; init; }

    /// <summary>On the application's own listeners, for clients of this machine; null: none.</summary>
    internal string? StatusPath { get; init; }

    /// <summary>On the application's own listeners, for any client; null: none.</summary>
    internal string? HealthPath { get; init; }
}
