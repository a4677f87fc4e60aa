using StarletNet.Shared.CommandLine;

namespace StartServer.CommandLine;

/// <summary>
/// Options that other servers have, and those of the program that start_server starts. Each is refused with what is meant. None is the beginning of an option of
/// Server::Starter, which it would take away.
/// </summary>
internal static class ForeignOptions
{
    private const string Behind = "it belongs to the program; write it behind the program's name: start_server --port 80 -- starletnet";

    internal static readonly IReadOnlyList<Option> All =
    [
        Refused("write --port [HOST:]PORT, or --path FILE for a Unix socket", "listen", "bind", "urls", "http_ports", "host", "address"),
        Refused("write --path FILE", "socket", "uds", "unix"),
        Refused("write --dir DIR", "chdir", "directory", "app-dir"),
        Refused("write --pid-file FILE", "pidfile"),
        Refused("write --log-file FILE", "error-log", "error-logfile"),
        Refused("write --daemonize", "background"),
        Refused("write --envdir DIR", "env-file"),
        Refused("write --stop-timeout SECONDS or --drain-timeout SECONDS", "graceful-timeout"),
        Refused("write --restart", "reload", "phased-restart"),
        Refused($"{Behind} --workers 4 app.dll", "workers", "max-workers", "w", "threads", "worker-class"),
        Refused($"{Behind} --env production app.dll", "environment"),
        Refused($"{Behind} --ssl --ssl-cert FILE app.dll", "ssl", "ssl-cert", "certfile", "ssl-certfile"),
        Refused("it belongs to the program; write it behind the program's name, or let the service manager change the user", "user", "group"),
    ];

    private static Option Refused(string why, string name, params string[] aliases) =>
        new(name, ValueForm.Text, "") { Aliases = aliases, Refusal = why, Extension = true };
}
