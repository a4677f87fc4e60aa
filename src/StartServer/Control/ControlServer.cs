using System.Diagnostics;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StartServer.Listeners;
using StartServer.Output;
using StartServer.Supervision;

namespace StartServer.Control;

/// <summary>
/// <c>--control</c>: a Unix socket on which others ask the supervisor for something and hear how it goes. It lives in the supervisor's own
/// queue and on its thread, and so must never wait for a client nor let clients use up anything: requests are one short line, there are
/// few clients at a time, and one that does not read what it is told is dropped as soon as the kernel holds no more for it.
/// </summary>
internal sealed unsafe class ControlServer : ControlPart, INewsListener, IDisposable
{
    /// <summary>The owner alone: whoever may connect may stop the service.</summary>
    private const uint OwnerOnly = 0x180; // 0600

    /// <summary>At a time; beyond that a client is told so and sent away. Nobody needs more than a few.</summary>
    internal const int MostClients = 16;

    /// <summary>How long a client may take to say what it wants.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Without free descriptors nobody can be let in; asking again at once would be a busy loop.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly EventQueue _queue;
    private readonly ListeningSocket _socket;
    private readonly List<ControlConnection> _clients = [];
    private IReadOnlyList<NamedDescriptor> _listeners = [];
    private GenerationOutput? _output;
    private long _lastRequest;

    /// <exception cref="StarletNet.Shared.Errors.OperatorException">It cannot be bound.</exception>
    internal ControlServer(EventQueue queue, string path)
    {
        _queue = queue;
        _socket = ListenerSet.BindFile(path, MostClients, OwnerOnly);
        FileDescriptor.SetNonBlocking(_socket.Descriptor.Number, true);
        queue.Watch(_socket.Descriptor, this);
    }

    internal int Clients => _clients.Count;

    /// <summary>The one that this process had before it became another program by exec, with its clients.</summary>
    internal ControlServer(EventQueue queue, KeptControl kept)
    {
        _queue = queue;
        _socket = ListeningSocket.Adopt(kept.Socket, kept.File);
        _lastRequest = kept.LastRequest;
        queue.Watch(_socket.Descriptor, this);
        foreach (var client in kept.Clients)
        {
            var socket = new FileDescriptor(client.Socket);
            LetIn(socket, new ControlConnection(this, socket, PeerCredentials.Of(client.Socket), client));
        }
    }

    internal KeptControl Keep() => new(_socket.Descriptor.Number, _socket.Name, _lastRequest, [.. _clients.Select(client => client.Keep())]);

    /// <summary>Called when a client wants an upgrade.</summary>
    internal Action<string>? UpgradeAsked { get; set; }

    /// <summary>Tells those who want an upgrade how it has ended; for each that is the last.</summary>
    internal void EndUpgrade(byte[] line)
    {
        foreach (var client in _clients.ToArray()) client.EndUpgrade(line);
    }

    /// <summary>To be called before the first request is read.</summary>
    /// <param name="listeners">What is listed.</param>
    /// <param name="output">What generations wrote last.</param>
    internal void BeginWith(IReadOnlyList<NamedDescriptor> listeners, GenerationOutput output)
    {
        _listeners = listeners;
        _output = output;
    }

    internal Listing List(Roster roster) => Listing.Of(roster, _listeners);

    internal long NextRequest() => ++_lastRequest;

    /// <summary>Lets in who waits.</summary>
    internal override SupervisorEvent? Take(Func<Roster> roster)
    {
        while (true)
        {
            var number = LibC.accept4(_socket.Descriptor.Number, null, null, LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK);
            if (number >= 0)
            {
                var socket = new FileDescriptor(number);
                LetIn(socket, new ControlConnection(this, socket, PeerCredentials.Of(number)));
                continue;
            }
            if (Errno.Last == Errno.EINTR || Errno.Last == Errno.ECONNABORTED) continue;
            if (Errno.Last != Errno.EAGAIN)
            {
                _queue.Unwatch(this);
                _queue.SetTimer(this, Pause);
            }
            return null;
        }
    }

    internal override void TimeIsUp() => _queue.Watch(_socket.Descriptor, this);

    private void LetIn(FileDescriptor socket, ControlConnection connection)
    {
        _clients.Add(connection);
        _queue.Watch(socket, connection);
        if (!connection.HasAsked) _queue.SetTimer(connection, Patience);
        // The file's mode says the same, unless somebody has changed it.
        if (!connection.Peer.IsOurs) connection.Refuse("only the user that start_server runs as, and root, may ask");
        else if (_clients.Count > MostClients) connection.Refuse($"there are {MostClients} clients already; try again later");
    }

    internal void Asked(ControlConnection client) => _queue.CancelTimer(client);

    internal void LetGo(ControlConnection client)
    {
        _queue.Unwatch(client);
        _queue.CancelTimer(client);
        _clients.Remove(client);
    }

    /// <summary>Passes news on to all who follow.</summary>
    public void Hear(News news)
    {
        if (_clients.Count == 0) return;
        var line = NewsJson.Line(news, LastLines(news));
        foreach (var client in _clients.ToArray()) client.Hear(news, line);
    }

    private IReadOnlyList<string> LastLines(News news) => news switch
    {
        CandidateFailed { Candidate: { } candidate } => _output!.LastLines(candidate.Number),
        RolledBack { From: var failed } => _output!.LastLines(failed.Number),
        _ => [],
    };

    /// <summary>The last that clients hear: everything else of ours is gone by then.</summary>
    public void Dispose()
    {
        foreach (var client in _clients.ToArray()) client.SayGoodbye();
        _queue.Unwatch(this);
        _socket.Dispose();
        Debug.Assert(_clients.Count == 0);
    }
}

/// <summary>A control socket that outlives an exec.</summary>
/// <param name="LastRequest">The number of the last deploy that was asked for.</param>
internal sealed record KeptControl(int Socket, SocketName? File, long LastRequest, IReadOnlyList<KeptClient> Clients);

/// <param name="Request">The line it sent; null if it has not sent a whole one.</param>
/// <param name="Number">Of its deploy.</param>
/// <param name="Received">The beginning of a line.</param>
internal sealed record KeptClient(int Socket, string? Request, long Number, string Received);
