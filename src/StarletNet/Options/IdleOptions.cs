using StarletNet.Master.Listening;

namespace StarletNet.Master.Options;

/// <summary>
/// Options that were given and would do nothing, because something else is missing. What says the same as the default or as the preset asks
/// for nothing: each line that <c>--check-config</c> prints may be given again.
/// </summary>
internal static class IdleOptions
{
    /// <summary>What is a master's to carry out.</summary>
    private static readonly string[] OfMaster =
    [
        "daemonize", "loader", "reload-dirs", "reload", "child-exit", "worker-quit", "metrics", "max-reqs-per-child", "min-reqs-per-child", "max-requests-jitter", "worker-max-memory", "worker-max-age", "worker-timeout",
        "worker-boot-timeout", "boot-failure-limit", "surge", "spawn-interval", "err-respawn-interval", "preload-app", "harakiri-header",
        "request-timeout-grace", "reuse-port", "drain-websockets", "stop-delay", Sections.ObservingOptions.StatusSocket,
    ];

    private static readonly (string Name, string Needs, Func<MasterOptions, bool> Has)[] Companions =
    [
        ("access-log-format", "--access-log", options => options.Observing.AccessLog is not null),
        ("access-log-buffer", "--access-log", options => options.Observing.AccessLog is not null),
        ("access-log-flush", "--access-log-buffer", options => options.Observing.AccessLogBuffer > 0),
        ("master-log-keep", "--master-log", options => options.Observing.MasterLog is not null),
        ("allow-setuid-children", "--user or --group", options => (options.User ?? options.Group) is not null),
        ("reuse-port", "a TCP address to listen on", options => options.Listeners.DefaultIfEmpty(ListenSpec.Default).Any(spec => spec.Address is ListenAddress.Tcp)),
        ("request-timeout-grace", "--request-timeout", options => options.Http.RequestTimeout > TimeSpan.Zero),
        ("warmup-time", "--warmup", options => options.WarmUp.IsOn),
        ("shadow-dir", "--shadow-copy", options => options.RunsCopies),
        ("shadow-link", "--shadow-copy", options => options.RunsCopies),
    ];

    /// <param name="options">All of them.</param>
    /// <param name="usual">What holds where nobody says anything.</param>
    /// <returns>The first that would do nothing, and why; null: there is none.</returns>
    internal static (string Name, string Why)? Find(MasterOptions options, MasterOptions usual)
    {
        var plain = new MasterOptions { Processors = options.Processors };
        if (options.Workers == 0 && OfMaster.FirstOrDefault(name => IsAsked(name) && !HoldsWithoutMaster(name, options)) is { } needy)
            return (needy, "takes a master, and with --max-workers 0 there is none");
        if (Companions.FirstOrDefault(option => !option.Has(options) && IsAsked(option.Name)) is { Name: { } name, Needs: var needs })
            return (name, $"means nothing without {needs}");
        return null;

        bool IsAsked(string name)
        {
            var option = OptionTable.Find(name);
            return option.Show(options) != option.Show(usual) && option.Show(options) != option.Show(plain);
        }
    }

    /// <summary>Those that are not wanted are not there, which is all that was asked for.</summary>
    private static bool HoldsWithoutMaster(string name, MasterOptions options) => name switch
    {
        // In a debugger's command line.
        "worker-timeout" => options.WorkerTimeout == TimeSpan.Zero,
        "max-reqs-per-child" => options.MaxReqsPerChild == 0,
        Sections.ObservingOptions.StatusSocket => options.Observing.StatusSocket == ObservingChoices.None,
        _ => false,
    };
}
