using System.Net;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StartServer.Output;

namespace StartServer.Listeners;

/// <summary>A listener that outlives an exec.</summary>
/// <param name="File">Of a Unix socket that we have bound.</param>
/// <param name="Removed">It is not of the command line any more, but generations serve it.</param>
internal sealed record KeptListener(Listener Listener, SocketName? File, bool Removed);

/// <summary>Every listener, bound: all or none. They live as long as start_server; the generations only borrow them.</summary>
internal sealed partial class ListenerSet : IDisposable
{
    /// <summary>Whatever the caller's umask: who may connect is decided by the directory, as with Server::Starter.</summary>
    private const uint AnyoneMayConnect = 0x1ff; // 0777

    private readonly List<(Listener Listener, ListeningSocket Socket)> _listeners = [];

    /// <summary>Those we were given first, then ports, then paths, each in the order given.</summary>
    /// <exception cref="OperatorException">One could not be bound; nothing is left behind.</exception>
    internal static ListenerSet Bind(IReadOnlyList<Listener> inherited, IReadOnlyList<ListenSpec> ports, IReadOnlyList<string> paths, int backlog)
    {
        var set = new ListenerSet();
        try
        {
            foreach (var listener in inherited) set._listeners.Add((listener, ListeningSocket.Adopt(listener.Fd)));
            foreach (var port in ports) set.BindPort(port, backlog);
            foreach (var path in paths) set.BindPath(path, backlog);
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>Those that this process had before it became another program by exec.</summary>
    internal static ListenerSet Adopt(IEnumerable<KeptListener> kept)
    {
        var set = new ListenerSet();
        foreach (var one in kept) (one.Removed ? set._removed : set._listeners).Add((one.Listener, ListeningSocket.Adopt(one.Listener.Fd, one.File)));
        return set;
    }

    internal IReadOnlyList<KeptListener> Keep() =>
    [
        .. _listeners.Select(one => new KeptListener(one.Listener, one.Socket.Name, Removed: false)),
        .. _removed.Select(one => new KeptListener(one.Listener, one.Socket.Name, Removed: true)),
    ];

    /// <summary>In the order in which SERVER_STARTER_PORT lists them.</summary>
    /// <remarks>
    /// Bound in blocking mode, and never touched again. O_NONBLOCK belongs to the description that all generations share; a .NET
    /// generation sets it, and its workers may still be draining after their master was killed, when no generation is left that
    /// we know of: cleared under them, their next accept would block for ever.
    /// </remarks>
    internal IReadOnlyList<Listener> All => [.. _listeners.Select(bound => bound.Listener)];

    /// <summary>Their names, and their numbers in this process.</summary>
    internal IReadOnlyList<NamedDescriptor> Descriptors => [.. All.Select(listener => new NamedDescriptor(listener.Name, listener.Fd))];

    /// <summary>
    /// Gives up our hold on the queues. Generations that still run hold them too and accept on; when the last one is gone, clients
    /// are refused at once instead of waiting in a queue that nobody reads.
    /// </summary>
    internal void Close()
    {
        foreach (var (_, socket) in _listeners.Concat(_removed)) socket.Descriptor.Dispose();
    }

    private void BindPort(ListenSpec port, int backlog)
    {
        var socket = BindAddress(port, port.Resolve(), backlog);
        var bound = ListeningSocket.BoundEndPoint(socket.Descriptor.Number);
        if (port.Descriptor is { } number)
        {
            socket = socket.MoveTo(number);
            StandardError.WriteLine(Messages.SocketDuplicated(number));
        }
        _listeners.Add((new Listener(port.NameFor(bound), socket.Descriptor.Number) { Promised = port.Descriptor is not null, AnyPort = port.Port == 0 }, socket));
        if (port.Port == 0) StandardError.WriteLine(Messages.PortChosen(port.Text, bound));
    }

    private static ListeningSocket BindAddress(ListenSpec port, IPEndPoint address, int backlog)
    {
        try
        {
            return port.IsUdp ? ListeningSocket.BindUdp(address) : ListeningSocket.BindTcp(address, backlog);
        }
        catch (SystemCallException error)
        {
            var what = error.Call switch
            {
                "socket" => "failed to create socket",
                "listen" => "listen(2) failed",
                _ => $"failed to bind to {port.Host ?? "0.0.0.0"}:{port.PortText}",
            };
            var advice = error.Call == "bind" ? BindAdvice.For(error.Errno, address, port.IsUdp) : "";
            throw new OperatorException($"{what}:{error.Errno}{advice}", ExitCodes.Failure);
        }
    }

    private void BindPath(string path, int backlog)
    {
        var socket = BindFile(path, backlog, AnyoneMayConnect);
        _listeners.Add((new Listener(path, socket.Descriptor.Number), socket));
    }

    /// <summary>Binds a Unix stream socket under a path, in the place of a dead server's but of nothing else.</summary>
    /// <exception cref="OperatorException">It cannot be bound.</exception>
    internal static ListeningSocket BindFile(string path, int backlog, uint mode)
    {
        var stale = UnixSocketFile.IsStale(path);
        try
        {
            // "@name" is a file of that name here, as for every program that reads SERVER_STARTER_PORT.
            var socket = ListeningSocket.BindUnix(path.StartsWith('@') ? "./" + path : path, backlog, mode);
            if (stale) StandardError.WriteLine(Messages.RemovingSocketFile(path));
            return socket;
        }
        catch (SocketPathException error)
        {
            throw error.Conflict == SocketPathConflict.InUse
                ? Failed(path, $"{error.Holder} is listening there; stop it or choose another path")
                : Failed(path, error.Conflict);
        }
        catch (SystemCallException error)
        {
            throw Failed(path, error.Errno.Text + BindAdvice.For(error.Errno, path));
        }
    }

    internal static OperatorException Failed(string path, SocketPathConflict conflict) => Failed(path, conflict switch
    {
        SocketPathConflict.NotASocket => "something that is not a socket is there; remove it or choose another path",
        SocketPathConflict.InUse => "another server is listening there; stop it or choose another path",
        _ => $"too long: a socket address holds {UnixAddress.MaxPathLength} bytes, and a temporary name of 7 in the same directory must fit too",
    });

    internal static OperatorException Failed(string path, string why) => new($"failed to listen to file {path}:{why}", ExitCodes.Failure);

    /// <summary>Closes what is still open and removes the socket files that are still ours.</summary>
    public void Dispose()
    {
        foreach (var (_, socket) in _listeners.Concat(_removed)) socket.Dispose();
    }
}
