using System.Globalization;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Processes;

namespace StartServer.Listeners;

/// <summary>
/// The listeners as a generation finds them: descriptors and the variables that name them. With <c>--listen-fds</c> they are at 3, 4, …
/// in the order of SERVER_STARTER_PORT, which names these numbers; one that was promised another number has both.
/// </summary>
internal sealed class HandedListeners
{
    internal HandedListeners(IReadOnlyList<Listener> listeners, bool asSystemd)
    {
        AsSystemd = asSystemd && listeners.Count > 0;
        var named = listeners.Select((listener, index) => new NamedDescriptor(
            listener.Name, AsSystemd && !listener.Promised ? SystemdListeners.FirstDescriptor + index : listener.Fd)).ToArray();
        Descriptors =
        [
            .. listeners.Zip(named, (listener, name) => new HandedDescriptor(listener.Fd, name.Fd)),
            .. listeners.Select((listener, index) => new HandedDescriptor(listener.Fd, SystemdListeners.FirstDescriptor + index))
                .Where((_, index) => AsSystemd && named[index].Fd != SystemdListeners.FirstDescriptor + index),
        ];
        Variables = new Dictionary<string, string>
        {
            // Always set, also to nothing: an outer start_server's must not be taken for ours.
            [EnvironmentNames.ServerStarterPort] = ServerStarterPort.Format(named),
        };
        if (!AsSystemd) return;
        Variables[EnvironmentNames.ListenFds] = listeners.Count.ToString(CultureInfo.InvariantCulture);
        Variables[EnvironmentNames.ListenFdNames] = string.Join(':', listeners.Select(SystemdName));
    }

    /// <summary>LISTEN_PID, which only the child can know, is to be set too.</summary>
    internal bool AsSystemd { get; }

    internal IReadOnlyList<HandedDescriptor> Descriptors { get; }

    internal Dictionary<string, string> Variables { get; }

    // A colon separates names there, and none may be empty.
    private static string SystemdName(Listener listener) => listener.SystemdName ?? listener.Name.Replace(':', '-');

    /// <exception cref="OperatorException">A promised number is one that <c>--listen-fds</c> needs for another listener.</exception>
    internal static void RefuseOverlap(IReadOnlyList<ListenSpec> ports, int before, int after)
    {
        var end = SystemdListeners.FirstDescriptor + before + ports.Count + after;
        for (var index = 0; index < ports.Count; index++)
        {
            if (ports[index].Descriptor is not { } number || number == SystemdListeners.FirstDescriptor + before + index) continue;
            if (number >= SystemdListeners.FirstDescriptor && number < end)
                throw new OperatorException(
                    $"invalid ``port'' value:{ports[index].Text}: --listen-fds needs descriptor {number} for another listener", ExitCodes.StartServerUsage);
        }
    }
}
