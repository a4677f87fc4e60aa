using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Options;

/// <summary>Every option of starletnet, as data: the parser, <c>--help</c> and the environment twins all read this table.</summary>
internal static class OptionTable
{
    internal const string Listen = "listen", Host = "host", Port = "port", Socket = "socket", Backlog = "backlog";
    internal const string MaxWorkers = "max-workers", SpawnInterval = "spawn-interval", ErrRespawnInterval = "err-respawn-interval";
    internal const string BootFailureLimit = "boot-failure-limit", WorkerBootTimeout = "worker-boot-timeout";
    internal const string GracefulTimeout = "graceful-timeout", DrainKeepAlive = "drain-keepalive";
    internal const string App = "app", Env = "env", Loop = "loop", Pid = "pid", Help = "help", Version = "version";

    private const string Listening = "Listening", Workers = "Workers", Stopping = "Stopping", Misc = "Application and process";

    internal static readonly IReadOnlyList<Option> All =
    [
        Text(Listen, Listening, "ADDRESS",
            "Listen on HOST:PORT, :PORT, PORT, [::1]:PORT, unix:PATH, a PATH with a slash, @NAME (abstract Unix socket) or fd:N "
            + "(inherited). Options follow a question mark, joined by &: http=h2 (HTTP/2 without TLS), backlog=N, mode=0660 (Unix "
            + "socket). In the environment, addresses are separated by semicolons.", "any address, port 5000", ["l"]) with { Repeatable = true },
        Text(Host, Listening, "ADDRESS", "Address or name for --port; every address of a name is bound.", "any", ["o"]),
        Text(Port, Listening, "N", "TCP port; 0 lets the kernel choose one.", "5000", ["p"]),
        Text(Socket, Listening, "PATH", "Unix socket, or with a leading @ an abstract one.", null, ["S"]),
        Text(Backlog, Listening, "N", "Length of the queue of connections that wait to be accepted.", "as long as the kernel allows", []),

        Text(MaxWorkers, Workers, "N", "Worker processes to keep alive, 1 to 1024, or auto.", "auto: one per CPU, at least 2", ["workers", "w"]),
        Text(SpawnInterval, Workers, "TIME", "Shortest time between two starts of workers, and between the steps of a restart.", "0", []),
        Text(ErrRespawnInterval, Workers, "TIME",
            "Wait before a worker that failed is started again; doubled with each failure in a row up to 30 s.", "1", []),
        Text(BootFailureLimit, Workers, "N",
            "Give up after so many failed starts: the first start (exit code 1) or a restart (the old workers go on). 0: never.", "3", []),
        Text(WorkerBootTimeout, Workers, "TIME", "Kill a worker that is not ready in time.", "60", []),
        Text(Loop, Workers, "MODE", "How a worker dispatches requests: pool (the thread pool).", "pool", []),

        Text(GracefulTimeout, Stopping, "TIME", "How long a worker that leaves may take to finish its requests; 0: as long as they take.", "30", []),
        Text(DrainKeepAlive, Stopping, "TIME", "How long idle kept-alive connections of a worker that leaves may send one more request.", "5", []),

        Text(App, Misc, "FILE",
            "The application: app.dll, its executable, or the directory it was published to. The same as the first argument.",
            "app.dll in the current directory", ["a"]),
        Text(Env, Misc, "NAME",
            "Environment of the application: production, development, staging or any other name; deployment means production.",
            "as inherited, else production", ["E"]),
        Text(Pid, Misc, "FILE", "Write the master's pid there, locked while it runs.", null, ["pid-file"]),
        new Option(Help, ValueForm.Switch, "Show this text.") { Aliases = ["h"], Section = Misc },
        new Option(Version, ValueForm.Switch, "Show the version.") { Aliases = ["v"], Section = Misc },
    ];

    /// <summary><c>max-workers</c> → <c>STARLETNET_MAX_WORKERS</c>.</summary>
    internal static string Twin(string name) => "STARLETNET_" + name.Replace('-', '_').ToUpperInvariant();

    // Values are checked by the reader, because those from the environment must be checked in the same way.
    private static Option Text(string name, string section, string valueName, string help, string? @default, string[] aliases) =>
        new(name, ValueForm.Text, help)
        {
            Aliases = aliases,
            Section = section,
            ValueName = valueName,
            Default = @default,
            EnvironmentTwin = Twin(name),
        };
}
