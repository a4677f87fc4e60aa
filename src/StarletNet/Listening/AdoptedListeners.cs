using StarletNet.Master.Output;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;

namespace StarletNet.Master.Listening;

/// <summary>
/// Takes over listening sockets that a superdaemon left open for us. Each descriptor is checked with the kernel before it is
/// believed, because the variable may be older than the descriptors (a shell in between, a stale environment).
/// </summary>
internal sealed class AdoptedListeners(IReadOnlyList<ListenSpec> asked, ListenDefaults defaults, MasterLog log)
{
    /// <summary>What the superdaemon left for us; null if there is none, or it has no sockets for us.</summary>
    /// <exception cref="OperatorException">Malformed, or a descriptor is not what the variable says; quotes the entry.</exception>
    internal ListenerSet? Adopt(Func<string, string?> environment, int ownPid)
    {
        var entries = Parse(EnvironmentNames.ServerStarterPort, () => ServerStarterPort.Parse(environment(EnvironmentNames.ServerStarterPort) ?? ""));
        var source = EnvironmentNames.ServerStarterPort;
        if (entries is not { Count: > 0 })
        {
            source = EnvironmentNames.ListenFds;
            entries = Parse(source, () => SystemdListeners.Parse(environment, ownPid));
        }
        if (entries is not { Count: > 0 }) return null;

        if (entries.GroupBy(entry => entry.Fd).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw Failure($"{source}: '{twice.First().Name}' and '{twice.Last().Name}' are both said to be descriptor {twice.Key}");
        var listeners = entries.Select(entry => Take(entry, source)).OfType<Listener>().ToArray();
        if (listeners.Length == 0)
        {
            var advice = source == EnvironmentNames.ListenFds ? "the .socket unit a ListenStream=" : "start_server a --port or --path";
            throw Failure($"{source} has no stream socket to serve on; give {advice}");
        }
        WarnAboutUnused(entries, source);
        return new ListenerSet(listeners, []);
    }

    /// <summary>One descriptor, as <c>--listen fd:N</c> or an entry of a superdaemon's variable names it.</summary>
    /// <returns>Null for a datagram socket, which HTTP has no use for.</returns>
    /// <exception cref="OperatorException">Not open, no socket, or not listening.</exception>
    internal Listener? Take(NamedDescriptor entry, string source)
    {
        // As it was written: fd:N, or name=N in a variable.
        var quoted = entry.Name == $"fd:{entry.Fd}" ? $"{source}: '{entry.Name}'" : $"{source}: '{entry.Name}={entry.Fd}'";
        if (!FileDescriptor.IsOpen(entry.Fd)) throw Failure($"{quoted}: descriptor {entry.Fd} is not open; whoever started us must leave it open");
        // At once, so that nothing we start can get it by accident; the workers are handed it by number.
        FileDescriptor.SetCloseOnExec(entry.Fd);
        switch (SocketFacts.Type(entry.Fd))
        {
            case { } type when type == LibC.SOCK_STREAM: break;
            case { } type when type == LibC.SOCK_DGRAM:
                log.DatagramSocketSkipped(entry.Name, entry.Fd);
                return null;
            default: throw Failure($"{quoted}: descriptor {entry.Fd} is not a stream socket");
        }
        if (!SocketFacts.IsListening(entry.Fd)) throw Failure($"{quoted}: descriptor {entry.Fd} is a socket that does not listen");
        var spec = asked.FirstOrDefault(spec => IsFor(spec, entry));
        var isTcp = SocketFacts.IsTcp(entry.Fd);
        // Others may hold it too: what they have chosen stays where nobody has asked us for anything.
        if (isTcp && defaults.DeferOf(spec) is { } defers) ListeningSocket.SetDeferAccept(entry.Fd, defers);
        return new Listener(entry.Name, entry.Fd, defaults.HttpOf(spec), defaults.TlsOn(spec, isTcp));
    }

    private static IReadOnlyList<NamedDescriptor>? Parse(string source, Func<IReadOnlyList<NamedDescriptor>?> parse)
    {
        try
        {
            return parse();
        }
        catch (FormatException error)
        {
            throw Failure($"malformed {source}: {error.Message}");
        }
    }

    // "8080" under start_server and ":8080" here are the same wish, and so are "/run/x.sock" and "unix:/run/x.sock".
    private static bool IsFor(ListenSpec spec, NamedDescriptor entry)
    {
        if (spec.Address == new ListenAddress.Inherited(entry.Fd)) return true;
        if (spec.Address is ListenAddress.Unix unix) return unix.Path == entry.Name;
        return spec.Address.ToString() == entry.Name || spec.Address.ToString() == ":" + entry.Name;
    }

    private void WarnAboutUnused(IReadOnlyList<NamedDescriptor> entries, string source)
    {
        var unused = asked.Where(spec => !entries.Any(entry => IsFor(spec, entry))).Select(spec => spec.Address.ToString()).ToArray();
        if (unused.Length > 0) log.ListenOptionsReplaced(source, string.Join(", ", unused));
    }

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure);
}
