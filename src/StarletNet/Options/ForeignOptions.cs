using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Options;

/// <summary>
/// Options of other web servers under names that we do not have. Each is refused with the option that is meant. Options that we have under the same name
/// and with the same meaning (<c>--workers</c>, <c>--timeout</c>, <c>--max-requests</c>) are not here.
/// </summary>
internal static class ForeignOptions
{
    private const string Kestrel = "Kestrel", Gunicorn = "gunicorn", Uvicorn = "uvicorn", Puma = "puma", Unicorn = "unicorn", Plackup = "plackup";

    /// <summary>Kestrel's own name for its addresses; the one that users of <c>dotnet app.dll</c> write behind the application.</summary>
    internal const string Urls = "urls";

    internal static readonly IReadOnlyList<Option> All =
    [
        Instead("--listen ADDRESS, as in --listen 127.0.0.1:8080; --ssl, or ?ssl behind the address, is https", Kestrel, Urls, "server.urls"),
        Instead("--port N", Kestrel, "http-ports"),
        Instead("--port N --ssl", Kestrel, "https-ports"),
        Instead("--env NAME", Kestrel, "environment", "launch-profile"),
        Instead("--chdir DIR, or name the application by its path: its directory is its content root", Kestrel, "contentroot", "contentRoot"),
        Instead("--listen ADDRESS, as in --listen 127.0.0.1:8080 or --listen unix:/run/app.sock", $"{Gunicorn} and {Puma}", "bind", "b"),
        Instead("--socket PATH", Uvicorn, "uds"),
        Instead("--listen fd:N", Uvicorn, "fd"),
        Instead("--workers N for processes; threads are .NET's own affair, and --max-threads N bounds those that may block", $"{Gunicorn} and {Puma}", "threads", "t"),
        Instead("--loop inline or --loop pool, if anything: there is one kind of worker", Gunicorn, "worker-class", "k"),
        Instead("--max-connections N", $"{Gunicorn} and {Uvicorn}", "worker-connections", "limit-concurrency"),
        Instead("--max-reqs-per-child N", Uvicorn, "limit-max-requests"),
        Instead("--keepalive-timeout TIME", $"{Gunicorn} and {Uvicorn}", "keep-alive", "timeout-keep-alive"),
        Instead("--graceful-timeout TIME", Uvicorn, "timeout-graceful-shutdown"),
        Instead("--max-request-line SIZE", Gunicorn, "limit-request-line"),
        Instead("--max-headers N", Gunicorn, "limit-request-fields"),
        Instead("--max-header-size SIZE", Gunicorn, "limit-request-field-size", "h11-max-incomplete-event-size"),
        Instead("--worker-timeout TIME", Puma, "worker-check-interval"),
        Instead("--reload-dirs DIR,DIR", Uvicorn, "reload-dir", "reload-include"),
        Instead("--reload", Plackup, "auto-reload"),
        Instead("--preload-app", $"{Gunicorn} and {Puma}", "preload"),
        Instead("--daemonize", Gunicorn, "daemon"),
        Instead("--pid FILE", Puma, "pidfile"),
        Instead("--chdir DIR", $"{Puma} and {Uvicorn}", "dir", "app-dir"),
        Instead("--path PREFIX", Uvicorn, "root-path"),
        Instead("--config FILE", $"{Gunicorn}, {Puma} and {Unicorn}", "config-file", "c", "C"),
        Instead("--access-log FILE", Gunicorn, "access-logfile"),
        Instead("--access-log-format FORMAT", Gunicorn, "access-logformat"),
        Instead("--error-log FILE", Gunicorn, "error-logfile", "log-file"),
        Instead("--log-format json", Uvicorn, "log-config"),
        Instead("--forwarded auto or off: what a proxy on this machine says is taken by default", $"{Uvicorn} and {Gunicorn}", "proxy-headers", "forwarded-allow-ips"),
        Instead("--ssl-cert FILE", $"{Gunicorn} and {Uvicorn}", "certfile", "ssl-certfile"),
        Instead("--ssl-key FILE", $"{Gunicorn} and {Uvicorn}", "keyfile", "ssl-keyfile"),
        Instead("--ssl-password-file FILE", Uvicorn, "ssl-keyfile-password"),
        Instead("--ssl-ca-file FILE", $"{Gunicorn} and {Uvicorn}", "ca-certs", "ssl-ca-certs"),
        Instead("--ssl-verify-mode MODE", $"{Gunicorn} and {Uvicorn}", "cert-reqs", "ssl-cert-reqs"),
        Instead("--status-socket SOCKET, and starletnet status", Puma, "control-url", "control"),
        Instead("--metrics ADDRESS", Gunicorn, "statsd-host"),
        Instead("nothing: the names that ps(1) shows are set by default", Gunicorn, "proc-name", "n"),
    ];

    private static Option Instead(string meant, string owner, string name, params string[] aliases) =>
        new(name, ValueForm.Text, "") { Aliases = aliases, Refusal = $"write {meant} ({owner} {(owner.Contains(' ', StringComparison.Ordinal) ? "have" : "has")} it)" };
}
