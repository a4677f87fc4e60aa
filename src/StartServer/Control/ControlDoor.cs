using System.Globalization;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StartServer.Listeners;
using StartServer.Supervision;

namespace StartServer.Control;

/// <summary>
/// A listening socket through which clients come to the control server: the file of <c>--control</c>, and a name in the abstract namespace
/// that goes by our pid, so that <c>--restart --pid-file</c> finds us too.
/// </summary>
internal sealed unsafe class ControlDoor : ControlPart, IDisposable
{
    /// <summary>The owner alone: whoever may connect may stop the service.</summary>
    private const uint OwnerOnly = 0x180; // 0600

    private const string Prefix = "@start_server/";

    /// <summary>Without free descriptors nobody can be let in; asking again at once would be a busy loop.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ControlServer _server;
    private readonly ListeningSocket _socket;

    private ControlDoor(ControlServer server, ListeningSocket socket)
    {
        (_server, _socket) = (server, socket);
        server.Queue.Watch(socket.Descriptor, this);
    }

    /// <exception cref="StarletNet.Shared.Errors.OperatorException">It cannot be bound.</exception>
    internal static ControlDoor AtFile(ControlServer server, string path) => Open(server, ListenerSet.BindFile(path, ControlServer.MostClients, OwnerOnly));

    /// <returns>Null where the name is taken (by a process of another container in the same network) or not to be had: it is an offer.</returns>
    internal static ControlDoor? AtPid(ControlServer server, int pid)
    {
        try
        {
            return Open(server, ListeningSocket.BindUnix(NameOf(pid), ControlServer.MostClients, OwnerOnly));
        }
        catch (SystemCallException)
        {
            return null;
        }
    }

    /// <summary>One that this process had before it became another program by exec.</summary>
    internal static ControlDoor Adopt(ControlServer server, KeptDoor kept) => new(server, ListeningSocket.Adopt(kept.Socket, kept.File));

    internal KeptDoor Keep() => new(_socket.Descriptor.Number, _socket.Name);

    internal static string NameOf(int pid) => Prefix + pid.ToString(CultureInfo.InvariantCulture);

    private static ControlDoor Open(ControlServer server, ListeningSocket socket)
    {
        FileDescriptor.SetNonBlocking(socket.Descriptor.Number, true);
        return new ControlDoor(server, socket);
    }

    /// <summary>
    /// A file's directory and mode keep others out. An abstract name is for everybody who shares our network, which may be a container
    /// whose root is not ours: there only processes of our own pid namespace may ask, who could send us signals, too.
    /// </summary>
    private string? WhyNot(PeerCredentials peer)
    {
        if (!peer.IsOurs) return "only the user that start_server runs as, and root, may ask";
        return _socket.Name is not null || peer.IsOfOurPidNamespace ? null : "only processes of the same pid namespace may ask";
    }

    /// <summary>
    /// Lets in who waits, but not all at once: anybody may knock at an abstract name, without end, and the loop has more to do. Whoever is left is
    /// reported again.
    /// </summary>
    internal override SupervisorEvent? Take(Func<Roster> roster)
    {
        for (var tries = 0; tries < ControlServer.MostClients; tries++)
        {
            var number = LibC.accept4(_socket.Descriptor.Number, null, null, LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK);
            if (number >= 0)
            {
                var peer = PeerCredentials.Of(number);
                _server.LetIn(new FileDescriptor(number), peer, WhyNot(peer));
                continue;
            }
            if (Errno.Last == Errno.EINTR || Errno.Last == Errno.ECONNABORTED) continue;
            if (Errno.Last != Errno.EAGAIN)
            {
                _server.Queue.Unwatch(this);
                _server.Queue.SetTimer(this, Pause);
            }
            break;
        }
        return null;
    }

    internal override void TimeIsUp() => _server.Queue.Watch(_socket.Descriptor, this);

    public void Dispose()
    {
        _server.Queue.Unwatch(this);
        _socket.Dispose();
    }
}

/// <summary>A door that outlives an exec.</summary>
internal sealed record KeptDoor(int Socket, SocketName? File);
