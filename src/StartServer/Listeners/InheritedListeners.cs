using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;

namespace StartServer.Listeners;

/// <summary>
/// Sockets that systemd, or whoever speaks like it, has bound for us: LISTEN_FDS, if LISTEN_PID is us. Each is checked with the
/// kernel, and named by the address it really has. Neither their mode nor their names in the file system are ours to touch.
/// </summary>
internal static class InheritedListeners
{
    /// <exception cref="OperatorException">The variables are malformed, or a descriptor is not what they say.</exception>
    internal static IReadOnlyList<Listener> Take(Func<string, string?> environment, int ownPid)
    {
        IReadOnlyList<NamedDescriptor> entries;
        try
        {
            entries = SystemdListeners.Parse(environment, ownPid) ?? [];
        }
        catch (FormatException error)
        {
            throw Failure($"malformed {error.Message}");
        }
        foreach (var entry in entries)
        {
            if (!FileDescriptor.IsOpen(entry.Fd)) throw Failure($"{EnvironmentNames.ListenFds}={entries.Count}, but descriptor {entry.Fd} is not open");
            // At once: what we start gets it by name, or not at all.
            FileDescriptor.SetCloseOnExec(entry.Fd);
        }
        return [.. entries.Select(entry => new Listener(NameOf(entry), entry.Fd) { SystemdName = entry.Name })];
    }

    private static string NameOf(NamedDescriptor entry)
    {
        switch (SocketFacts.Type(entry.Fd))
        {
            case null: throw Unfit(entry, "is no socket");
            case { } type when type == LibC.SOCK_STREAM && !SocketFacts.IsListening(entry.Fd): throw Unfit(entry, "is a socket that does not listen");
            case { } type when type == LibC.SOCK_STREAM || type == LibC.SOCK_DGRAM: break;
            default: throw Unfit(entry, "is neither a stream nor a datagram socket");
        }
        var name = SocketFacts.Name(entry.Fd) ?? throw Unfit(entry, "has no address that SERVER_STARTER_PORT could name");
        // The same characters as of --path: readers split at them.
        return name.IndexOfAny([';', '=']) < 0 ? name : throw Unfit(entry, $"is bound to {name}, which must not contain ';' or '='");
    }

    private static OperatorException Unfit(NamedDescriptor entry, string why) =>
        Failure($"{EnvironmentNames.ListenFds}: descriptor {entry.Fd} ({entry.Name}) {why}");

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure);
}
