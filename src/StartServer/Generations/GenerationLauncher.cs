using System.Collections;
using System.Globalization;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Listeners;

namespace StartServer.Generations;

/// <summary>What a generation starts with: the contract's variables and the listeners, in our process group, in <c>--dir</c>.</summary>
internal sealed class GenerationLauncher
{
    /// <summary>
    /// What is said to us alone: sockets and a watchdog that systemd keeps for our pid, and where we report. Each generation gets a
    /// NOTIFY_SOCKET of its own instead.
    /// </summary>
    private static readonly string[] NotForChildren =
    [
        EnvironmentNames.ListenFds, EnvironmentNames.ListenPid, EnvironmentNames.ListenFdNames, EnvironmentNames.NotifySocket,
        "WATCHDOG_PID", "WATCHDOG_USEC",
    ];

    private readonly StartServerOptions _options;
    private readonly IReadOnlyList<NamedDescriptor> _listeners;
    private readonly Dictionary<string, string> _environment = [];

    internal GenerationLauncher(StartServerOptions options, ListenerSet listeners)
    {
        _options = options;
        _listeners = listeners.Descriptors;
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            _environment[(string)variable.Key] = (string?)variable.Value ?? "";
        foreach (var name in NotForChildren) _environment.Remove(name);
        if (options.KillOldDelayTwin is { } delay) _environment[StartServerOptions.KillOldDelayVariable] = delay;
        // Always set, also to nothing: an outer start_server's must not be taken for ours.
        _environment[EnvironmentNames.ServerStarterPort] = ServerStarterPort.Format(_listeners);
    }

    internal ChildSpec Describe(int number, string notifyAddress) => new()
    {
        Program = _options.Program[0],
        Arguments = [.. _options.Program.Skip(1)],
        WorkingDirectory = _options.Directory,
        // The same number in every generation, which is why no generation can mistake another's.
        Descriptors = [.. _listeners.Select(listener => new HandedDescriptor(listener.Fd, listener.Fd))],
        Environment = new Dictionary<string, string>(_environment)
        {
            [EnvironmentNames.ServerStarterGeneration] = number.ToString(CultureInfo.InvariantCulture),
            [EnvironmentNames.NotifySocket] = notifyAddress,
        },
    };
}
