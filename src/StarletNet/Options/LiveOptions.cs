using StarletNet.Master.Options.Sections;

namespace StarletNet.Master.Options;

/// <summary>
/// Options whose new value in the configuration file takes effect at a restart (HUP): what each worker is told, and what the pool goes by. All
/// others are about what the master has opened, bound or become at its start.
/// </summary>
internal static class LiveOptions
{
    private static readonly HashSet<string> Names =
    [
        "max-workers", "spawn-interval", "err-respawn-interval", "boot-failure-limit", "worker-boot-timeout", "ready-path", "warmup", "warmup-time", "loop", "loops", "max-threads",
        "max-reqs-per-child", "min-reqs-per-child", "max-requests-jitter", "worker-max-age", "surge", "child-exit",
        "graceful-timeout", "drain-keepalive", "drain-websockets", "stop-delay", "worker-quit", "access-log-buffer", "access-log-flush", "path", "app", "content-root", "env", "shadow-copy", "shadow-dir", "shadow-link",
        .. HttpOptions.All.Select(option => option.Name),
    ];

    internal static bool Are(string option) => Names.Contains(option);
}
