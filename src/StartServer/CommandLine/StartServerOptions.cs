using System.Globalization;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Listening;
using StarletNet.Shared.Processes;
using StartServer.Listeners;
using StartServer.Output;
using StartServer.Probes;
using StartServer.Supervision;

namespace StartServer.CommandLine;

/// <summary>What the command line asks for, already valid.</summary>
internal abstract record Command;

/// <summary><c>--help</c>, and with <c>all</c> all of it.</summary>
internal sealed record ShowHelp(bool All = false) : Command;

/// <summary><c>--completion</c>.</summary>
internal sealed record ShowCompletion(string Shell) : Command;

/// <summary><c>--man</c>.</summary>
internal sealed record ShowMan : Command;

/// <summary><c>--version</c>.</summary>
internal sealed record ShowVersion : Command;

/// <summary><c>--check</c>: a server's command line, that is only looked at.</summary>
internal sealed record CheckOnly(StartServerOptions Options) : Command;

/// <summary>Bind the listeners and supervise the program.</summary>
internal sealed record StartServerOptions : Command
{
    /// <summary>The program and its arguments; at least one word.</summary>
    internal required IReadOnlyList<string> Program { get; init; }

    /// <summary><c>--port</c>, in the order given.</summary>
    internal required IReadOnlyList<ListenSpec> Ports { get; init; }

    /// <summary><c>--path</c>, in the order given.</summary>
    internal required IReadOnlyList<string> Paths { get; init; }

    /// <summary><c>--listen-fds</c>.</summary>
    internal required bool ListenFds { get; init; }

    /// <summary><c>--orphans</c>: generations get <c>--signal-on-term</c> when we are gone without having stopped them.</summary>
    internal required bool OrphansStop { get; init; }

    /// <summary>As listen(2) takes it.</summary>
    internal required int Backlog { get; init; }

    internal required string? Directory { get; init; }

    internal required string? PidFile { get; init; }

    internal required string? StatusFile { get; init; }

    /// <summary><c>--log-file FILE</c>.</summary>
    internal required string? LogFile { get; init; }

    /// <summary><c>--log-file '| command'</c>.</summary>
    internal required LogCommand? LogCommand { get; init; }

    /// <summary><c>--control</c>: where the control socket is.</summary>
    internal required string? Control { get; init; }

    /// <summary><c>--envdir</c>, else ENVDIR: a directory with a file for each variable of the program.</summary>
    internal required string? EnvDirectory { get; init; }

    /// <summary>The options that have an environment twin, as the program is to see them there.</summary>
    internal required IReadOnlyDictionary<string, string> Twins { get; init; }

    /// <summary><c>--daemonize</c>; there is a log file then.</summary>
    internal required bool Daemonize { get; init; }

    /// <summary><c>--ready-probe</c>; null for none.</summary>
    internal required ReadinessProbe? Probe { get; init; }

    internal required SupervisionPolicy Policy { get; init; }

    /// <param name="arguments">Without the program's own name.</param>
    /// <param name="environment">Looks up a variable.</param>
    /// <exception cref="OperatorException">Anything wrong with them.</exception>
    internal static Command Parse(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var line = new CommandLineParser([.. OptionTable.Options, .. ForeignOptions.All], Dialect.Getopt).Parse(arguments);
        if (line[OptionTable.Help] is { } help) return new ShowHelp(help == OptionTable.All || line.Rest is [OptionTable.All]);
        if (line.IsOn(OptionTable.Man)) return new ShowMan();
        if (line.IsOn(OptionTable.Version)) return new ShowVersion();
        if (line[OptionTable.Completion] is { } shell)
            return ShellCompletion.Shells.Contains(shell) ? new ShowCompletion(shell) : throw Usage($"invalid ``completion'' value:{shell}: it must be {string.Join(", ", ShellCompletion.Shells)}");
        if (ClientOptions.Of(line) is { } client) return client;
        if (line.IsOn(OptionTable.Daemonize) && line[OptionTable.LogFile] is null)
            throw Usage("Usage: --log-file option must be specified together with --deamonize");
        if (arguments.Count == 0) throw Usage($"server program not specified\n\n{ManualPage.Usage}\nstart_server --help tells more.");
        if (line.Rest.Count == 0) throw Usage("server program not specified");
        var twins = ReadTwins(line);
        string? setting(string name) => twins.GetValueOrDefault(name) ?? Variable(name, environment);
        var ports = line.All(OptionTable.Port).Select(ListenSpec.Parse).ToArray();
        RefuseSharedDescriptors(ports);
        RefuseSharedFiles(line);
        var probe = line[OptionTable.ReadyProbe] is { } text ? ReadinessProbe.Parse(text) : null;
        if (probe is AcceptProbe && ports.All(port => port.IsUdp))
            throw Usage("invalid ``ready-probe'' value:tcp: it asks the first TCP --port, and there is none; write tcp://HOST:PORT");
        var logCommand = LogCommand.Of(line[OptionTable.LogFile]);
        if (logCommand is { Words: [] }) throw Usage("invalid ``log-file'' value:|: a command must follow the bar");
        var options = new StartServerOptions
        {
            Program = line.Rest,
            Ports = ports,
            Paths = [.. line.All(OptionTable.Path).Select(CheckPath)],
            OrphansStop = OrphansOf(line[OptionTable.Orphans]),
            ListenFds = line.IsOn(OptionTable.ListenFds),
            Backlog = Number(line, OptionTable.Backlog) is { } backlog and > 0 ? backlog : ListeningSocket.MaximumBacklog,
            Directory = line[OptionTable.Dir],
            PidFile = line[OptionTable.PidFile],
            StatusFile = line[OptionTable.StatusFile],
            LogFile = logCommand is null ? line[OptionTable.LogFile] : null,
            LogCommand = logCommand,
            EnvDirectory = setting(PolicyVariables.EnvDirectory) is { Length: > 0 } directory ? directory : null,
            Twins = twins,
            Control = line[OptionTable.Control],
            Daemonize = line.IsOn(OptionTable.Daemonize),
            Probe = probe,
            Policy = PolicyVariables.Apply(new SupervisionPolicy
            {
                Interval = Seconds(line, OptionTable.Interval) ?? TimeSpan.FromSeconds(1),
                ReadyTimeout = Seconds(line, OptionTable.ReadyTimeout) ?? TimeSpan.FromSeconds(60),
                Readiness = ReadinessOf(line[OptionTable.Ready]),
                Probes = probe is not null,
                MaxStartAttempts = Count(line, OptionTable.MaxStartAttempts),
                Watch = Seconds(line, OptionTable.Watch) ?? TimeSpan.Zero,
                DrainTimeout = Seconds(line, OptionTable.DrainTimeout) ?? TimeSpan.Zero,
                MaxOldGenerations = Count(line, OptionTable.MaxOldGenerations),
                StopTimeout = Seconds(line, OptionTable.StopTimeout) ?? TimeSpan.Zero,
                OnHup = SignalOf(line, OptionTable.SignalOnHup),
                OnTerm = SignalOf(line, OptionTable.SignalOnTerm),
            }, setting, (name, value, why) => throw Usage($"invalid {name} in the environment:{value}: {why}")),
        };
        return line.IsOn(OptionTable.Check) ? new CheckOnly(options) : options;
    }

    private static string? Variable(string name, Func<string, string?> environment) =>
        environment(name) is not { } value ? null
        : OriginalBytes.Escaped($"{name}={value}") is { } escaped ? throw Usage($"invalid {escaped} in the environment: it has bytes that are not UTF-8")
        : value;

    private static Dictionary<string, string> ReadTwins(ParsedCommandLine line)
    {
        // A variable cannot be negative; an option that is must be refused by its own name.
        Seconds(line, OptionTable.KillOldDelay);
        Seconds(line, OptionTable.AutoRestartInterval);
        return OptionTable.Options.Where(option => option.EnvironmentTwin is not null && line[option.Name] is not null)
            .ToDictionary(option => option.EnvironmentTwin!, option => line[option.Name]!);
    }

    private static int? Number(ParsedCommandLine line, string option) =>
        line[option] is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    private static int Count(ParsedCommandLine line, string option) => Number(line, option) switch
    {
        null => 0,
        < 0 and var count => throw Negative(option, count),
        { } count => count,
    };

    private static TimeSpan? Seconds(ParsedCommandLine line, string option) => Number(line, option) switch
    {
        null => null,
        < 0 and var seconds => throw Negative(option, seconds),
        { } seconds => TimeSpan.FromSeconds(seconds),
    };

    private static OperatorException Negative(string option, int value) => Usage($"invalid ``{option}'' value:{value}: it must not be negative");

    private static bool OrphansOf(string? text) => text?.ToLowerInvariant() switch
    {
        null or "stop" => true,
        "keep" => false,
        _ => throw Usage($"invalid ``{OptionTable.Orphans}'' value:{text}: it must be stop or keep"),
    };

    private static Readiness ReadinessOf(string? text) => text?.ToLowerInvariant() switch
    {
        null or "auto" => Readiness.Auto,
        "notify" => Readiness.Notify,
        "alive" => Readiness.Alive,
        _ => throw Usage($"invalid ``{OptionTable.Ready}'' value:{text}: it must be auto, notify or alive"),
    };

    private static ChosenSignal SignalOf(ParsedCommandLine line, string option)
    {
        var text = line[option] ?? "TERM";
        return ChosenSignal.Parse(text) ?? throw Usage($"invalid ``{option}'' value:{text}: no such signal; write a name like TERM or a number");
    }

    // Either character would break SERVER_STARTER_PORT: ';' separates entries, and readers split each at the first '='.
    private static string CheckPath(string path) =>
        path.IndexOfAny([';', '=']) is var at and >= 0
            ? throw Usage($"invalid ``path'' value:{path}: it must not contain '{path[at]}'")
            : path;

    private static void RefuseSharedDescriptors(IReadOnlyList<ListenSpec> ports)
    {
        var shared = ports.Where(port => port.Descriptor is not null).GroupBy(port => port.Descriptor).FirstOrDefault(group => group.Count() > 1);
        if (shared is not null)
            throw Usage($"invalid ``port'' value:{shared.Last().Text}: descriptor {shared.Key} is already given to {shared.First().Text}");
    }

    // The status file is renamed over its path: over a locked pid file, say, which would lose its name.
    private static void RefuseSharedFiles(ParsedCommandLine line)
    {
        string[] options = [OptionTable.PidFile, OptionTable.StatusFile, OptionTable.LogFile, OptionTable.Control];
        var files = options.Select(option => (option, path: line[option])).Concat(line.All(OptionTable.Path).Select(path => (option: OptionTable.Path, path: (string?)path)));
        var shared = files.Where(file => file.path is { Length: > 0 }).GroupBy(file => Path.GetFullPath(file.path!)).FirstOrDefault(group => group.Count() > 1);
        if (shared is not null) throw Usage($"--{shared.First().option} and --{shared.Last().option} name the same file: {shared.First().path}");
    }

    private static OperatorException Usage(string message) => new(message, ExitCodes.StartServerUsage);
}
