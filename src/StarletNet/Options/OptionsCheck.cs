using StarletNet.Master.Listening;
using StarletNet.Master.Privileges;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Options;

/// <summary>Options that are right one by one and wrong together.</summary>
internal static class OptionsCheck
{
    /// <param name="options">All of them.</param>
    /// <param name="usual">What holds where nobody says anything: defaults and preset. Null: what would do nothing is no mistake.</param>
    /// <param name="nameOf">How to name an option: by where it was set.</param>
    /// <param name="environment">Reads a variable.</param>
    /// <exception cref="OperatorException">The first pair that does not go together.</exception>
    internal static void Check(MasterOptions options, MasterOptions? usual, Func<string, string> nameOf, Func<string, string?> environment)
    {
        CheckRequests(options, usual is not null, nameOf);
        CheckTls(options, nameOf, environment);
        if (options.MaxThreads < 2 * options.Loops)
            throw Refuse($"{nameOf("max-threads")}: {options.MaxThreads} is too few for --loops {options.Loops}, which needs at least {2 * options.Loops}");
        CheckPrivileges(options, nameOf);
        if (options.Observing.HealthPath is { } health && health == options.Observing.StatusPath)
            throw Refuse($"{nameOf("health-path")}: {health} is the path of --status-path, too; give each a path of its own");
        if (options.Project is not null && options.Application is not null) throw Refuse($"{nameOf("project")}: and {nameOf("app")} both name what to serve; give one of them");
        if (options.Builds && (options.User ?? options.Group) is not null)
            throw Refuse($"{nameOf("user")}: what is built would be built by who starts starletnet; serve the output of dotnet publish");
        if (usual is not null && IdleOptions.Find(options, usual) is { } idle) throw Refuse($"{nameOf(idle.Name)}: {idle.Why}");
        if (options.Daemonize && environment(EnvironmentNames.ServerStarterPort) is not null)
            throw Refuse($"{nameOf("daemonize")}: start_server would lose us; give --daemonize to start_server");
        // A master takes the file over when it serves; an application does not know that there is one.
        if (options.Workers == 0 && options.PidFile is not null && environment(EnvironmentNames.ServerStarterPort) is not null)
            throw Refuse($"{nameOf("pid")}: with --max-workers 0 no generation can take it over from the one before; give --pid-file to start_server");
        if (options.ReusePort && (environment(EnvironmentNames.ServerStarterPort) is not null || SystemdListeners.Parse(environment, Environment.ProcessId) is { Count: > 0 }))
            throw Refuse($"{nameOf("reuse-port")}: a superdaemon has bound one socket for all workers; leave it out");
        if (options.Listeners.GroupBy(spec => spec.Address).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw Refuse($"{twice.Key} is to be listened on twice; remove one of the two");
        if (options.Observing.Metrics is { Address: var metrics } && OwnListeners(options, environment).Any(spec => spec.Address.Excludes(metrics, options.AnyAddress)))
            throw Refuse($"{nameOf("metrics")}: on {metrics} the application is served; give the metrics an address of their own");
    }

    /// <summary>Once, where we were started: later we may be in another directory, and neither takes effect before the next start.</summary>
    /// <exception cref="OperatorException">The first that is missing.</exception>
    internal static void CheckDirectories(MasterOptions options, Func<string, string> nameOf)
    {
        if (options.ReloadDirectories.FirstOrDefault(path => !Directory.Exists(path)) is { } missing)
            throw Refuse($"{nameOf("reload-dirs")}: there is no directory {missing}");
        if (options.ChangeDirectory is { } directory && !Directory.Exists(directory)) throw Refuse($"{nameOf("chdir")}: there is no directory {directory}");
    }

    private static void CheckRequests(MasterOptions options, bool refusesIdle, Func<string, string> nameOf)
    {
        var most = options.MaxReqsPerChild;
        foreach (var (name, number) in new[] { ("min-reqs-per-child", options.MinReqsPerChild), ("max-requests-jitter", options.MaxRequestsJitter) })
        {
            if (number is null) continue;
            if (most == 0 && !refusesIdle) continue;
            if (most == 0) throw Refuse($"{nameOf(name)}: means nothing without --max-reqs-per-child");
            if (number > most) throw Refuse($"{nameOf(name)}: {number} is more than --max-reqs-per-child, which is {most}");
        }
        if (options.MinReqsPerChild is not null && options.MaxRequestsJitter is not null)
            throw Refuse($"{nameOf("max-requests-jitter")}: says the same as --min-reqs-per-child; give one of them");
    }

    /// <summary>A certificate for nobody is as much of a mistake as nobody's certificate.</summary>
    private static void CheckTls(MasterOptions options, Func<string, string> nameOf, Func<string, string?> environment)
    {
        var tls = options.Tls;
        // Of sockets that are handed over only the kernel knows what they are: they are looked at when they are here.
        if (tls.Everywhere && !IsHandedSockets(environment) && !OwnListeners(options, environment).Any(spec => spec.Tls ?? spec.Address is not ListenAddress.Unix))
            throw Refuse($"{nameOf("ssl")}: is for TCP listeners that do not say ?ssl=0, and there is none; for TLS on a Unix socket write ?ssl behind its address (--listen PATH?ssl)");
        if (options.AnyTls && tls.Certificate is null) throw Refuse("TLS needs a certificate; give --ssl-cert FILE, and --ssl-key FILE unless the key is in the same file");
        if (!options.AnyTls && (tls.Certificate ?? tls.Key) is { } unused) throw Refuse($"there is a certificate ({unused}) but no listener with TLS; add --ssl, or ?ssl behind an address");
        // Whoever names authorities believes that clients without a certificate are kept out.
        if (options.AnyTls && tls is { Authorities: not null, Clients: null })
            throw Refuse($"{nameOf("ssl-ca-file")}: no client would be asked for a certificate; add --ssl-verify-mode require (or optional, or none if that is meant)");
        var idle = options.AnyTls ? null
            : tls.Clients is not (null or ClientCertificates.None) ? "ssl-verify-mode"
            : tls.Authorities is not null ? "ssl-ca-file"
            : tls.PasswordFile is not null ? "ssl-password-file" : null;
        if (idle is not null) throw Refuse($"{nameOf(idle)}: means nothing without TLS, and no listener has it; add --ssl, or ?ssl behind an address");
    }

    private static IEnumerable<ListenSpec> OwnListeners(MasterOptions options, Func<string, string?> environment) =>
        IsHandedSockets(environment) ? [] : options.Listeners.DefaultIfEmpty(ListenSpec.Default);

    // Also if they turn out to be meant for somebody else.
    private static bool IsHandedSockets(Func<string, string?> environment) =>
        environment(EnvironmentNames.ServerStarterPort) is { Length: > 0 } || environment(EnvironmentNames.ListenFds) is { Length: > 0 };

    private static void CheckPrivileges(MasterOptions options, Func<string, string> nameOf)
    {
        if (options.User is { } user && Account.Find(user) is null) throw Refuse($"{nameOf("user")}: there is no user '{user}'");
        if (GroupsOf(options).FirstOrDefault(group => Account.FindGroup(group) is null) is { } unknown)
            throw Refuse($"{nameOf("group")}: there is no group '{unknown}'");
        if (options.Group is not null && GroupsOf(options).Length == 0) throw Refuse($"{nameOf("group")}: '{options.Group}' names no group");
        // Asked again when there is a socket to give away; here nothing has been opened yet.
        options.SocketOwner?.Numbers(nameOf("socket-owner"));
    }

    private static string[] GroupsOf(MasterOptions options) =>
        (options.Group ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Whom <c>--user</c> and <c>--group</c> name; to be asked after <see cref="Check"/>.</summary>
    /// <returns>Null if neither is given.</returns>
    internal static Identity? IdentityOf(MasterOptions options) => options.User is null && options.Group is null
        ? null
        : new Identity(options.User is { } user ? Account.Find(user) : null, [.. GroupsOf(options).Select(Account.FindGroup).OfType<uint>()]);

    private static OperatorException Refuse(string message) => new(message, ExitCodes.Usage);
}
