using StarletNet.Master.Listening;
using StarletNet.Master.Options;
using StarletNet.Master.Output;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Output;

namespace StarletNet.Master;

/// <summary>
/// <c>--try</c>: a start like any other, with one worker, on a port of its own that the kernel chooses on the loopback interface, and an end as
/// soon as that worker is ready or is not. Whatever makes a worker ready is part of it (<c>--ready-path</c> is). No file, socket or process
/// of a service that runs is touched.
/// </summary>
internal sealed class Trial
{
    /// <summary>By these a start would take the sockets of a service, or speak for it.</summary>
    private static readonly string[] OfServices =
    [
        .. EnvironmentNames.NeverForApplications, EnvironmentNames.StartServerOrphans, EnvironmentNames.ServerStarterGeneration,
        EnvironmentNames.WatchdogPid, EnvironmentNames.WatchdogMicroseconds,
    ];

    /// <summary>What the worker, or the master, has said last of why it is not ready; null: nothing.</summary>
    internal string? Reason { get; set; }

    /// <summary>What it is that is ready, and how long that took; null: it is not ready.</summary>
    internal string? Ready { get; set; }

    /// <returns>The exit code: 0 if a deploy of it would serve.</returns>
    internal static int Run(MasterOptions given, MasterLog log, Func<string, Configuration> readAgain)
    {
        foreach (var name in OfServices)
        {
            Environment.SetEnvironmentVariable(name, null);
            _ = LibC.unsetenv(name);
        }
        var trial = new Trial();
        try
        {
            new Master(Of(given), new NotifySender(null), log, caller: null) { ReadAgain = readAgain, Trial = trial }.Run();
        }
        catch (OperatorException error)
        {
            trial.Reason = error.Message;
        }
        if (trial.Ready is { } ready)
        {
            StandardOutput.Write(ready + "\n");
            return ExitCodes.Success;
        }
        StandardStreams.WriteError($"not deployed: {trial.Reason ?? "it was stopped before it was ready"}");
        return ExitCodes.Failure;
    }

    /// <summary>The options of the service, without what it has for itself: addresses, files, commands; and with one attempt.</summary>
    internal static MasterOptions Of(MasterOptions given) => given with
    {
        Listen = [ListenSpec.Tcp("127.0.0.1", 0) with { Tls = given.AnyTls ? true : null }],
        Host = null,
        Port = null,
        Socket = null,
        SocketOwner = null,
        SocketMode = null,
        ReusePort = false,
        MaxWorkers = 1,
        Surge = 1,
        SpawnInterval = TimeSpan.Zero,
        BootFailureLimit = 1,
        ChildExit = null,
        Reload = ReloadMode.Off,
        ReloadDirectories = [],
        Loader = MasterOptions.Delayed,
        PidFile = null,
        Daemonize = false,
        ErrorLog = null,
        Observing = given.Observing with { AccessLog = null, MasterLog = null, StatusSocket = ObservingChoices.None, Metrics = null },
    };
}
