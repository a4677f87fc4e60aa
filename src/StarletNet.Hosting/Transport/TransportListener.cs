using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// An inherited listening descriptor, and what Kestrel sees of it. The socket behind it belongs to every process that holds
/// it: nothing is ever done to it but accept, and the two flags without which we could not live (non-blocking, a property
/// of the shared socket, and close-on-exec, our own).
/// </summary>
internal sealed class TransportListener : IConnectionListener
{
    /// <summary>Accepts in one go before the loop looks after its connections again, and before a sibling has a chance.</summary>
    private const int Burst = 16;

    private readonly TransportContext _context;
    private readonly object _acceptLock = new();
    private readonly Channel<EpollConnection> _accepted;
    private bool _isStarted;
    private bool _isStopped;
    private bool _isWatched;
    private int _isBound;

    /// <exception cref="SystemCallException">The descriptor is closed, or no socket.</exception>
    internal TransportListener(int index, WorkerListener inherited, EndPoint endPoint, EndPoint bindEndPoint, string address,
        TransportContext context)
    {
        Index = index;
        Descriptor = inherited.Fd;
        Http = inherited.Http;
        EndPoint = endPoint;
        BindEndPoint = bindEndPoint;
        Address = address;
        _context = context;
        // Kestrel's accept loop goes on in the loop's thread: it only wraps the connection and queues it to the pool.
        _accepted = Channel.CreateUnbounded<EpollConnection>(
            new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
        FileDescriptor.SetNonBlocking(Descriptor, true);
        FileDescriptor.SetCloseOnExec(Descriptor);
    }

    /// <summary>Place among the transport's listeners; travels in epoll's data.</summary>
    internal int Index { get; }

    internal int Descriptor { get; }

    internal HttpVersions Http { get; }

    /// <summary>The socket's own address, as the kernel has it.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>What Kestrel makes of <see cref="Address"/> and asks us to bind.</summary>
    internal EndPoint BindEndPoint { get; }

    /// <summary>For IServerAddressesFeature, without TLS: <c>http://127.0.0.1:8080</c>, <c>http://unix:/path</c>.</summary>
    internal string Address { get; }

    internal bool IsAccepting => Volatile.Read(ref _isStarted) && !Volatile.Read(ref _isStopped);

    /// <summary>One listener serves one binding: a second accept loop would only take turns with the first.</summary>
    internal bool TryBind() => Interlocked.Exchange(ref _isBound, 1) == 0;

    internal void StartAccepting()
    {
        lock (_acceptLock)
        {
            if (_isStarted || _isStopped) return;
            Volatile.Write(ref _isStarted, true);
            Watch();
        }
    }

    /// <summary>
    /// Takes the listener out of epoll, then accepts what is there. In this order: an exclusive wake-up may have been spent
    /// on us already, and no sibling is told of a connection that was announced to us. What comes after this is announced
    /// to others, or waits in the queue for the next process. Returns when done; harmless when repeated.
    /// </summary>
    internal void StopAccepting()
    {
        lock (_acceptLock)
        {
            if (_isStarted && !_isStopped)
            {
                Unwatch();
                Accept(int.MaxValue);
            }
            // Last: until here the loop ticks on our account, from here on for the connections.
            Volatile.Write(ref _isStopped, true);
        }
    }

    /// <summary>epoll reports a connection in the queue; a sibling may have taken it by now.</summary>
    internal void OnReady()
    {
        lock (_acceptLock)
        {
            if (IsAccepting && _isWatched) Accept(Burst);
        }
    }

    /// <summary>
    /// Once per second an accept without a wake-up: the wake-up may have been spent on a sibling that was killed or stopped
    /// before it could accept, and the client would wait for the next one to come.
    /// </summary>
    internal void OnTick()
    {
        lock (_acceptLock)
        {
            if (!IsAccepting) return;
            if (!_isWatched) Watch();
            Accept(Burst);
        }
    }

    private void Watch()
    {
        _context.Loop.Watch(this);
        _isWatched = true;
    }

    private void Unwatch()
    {
        if (_isWatched) _context.Loop.Forget(this);
        _isWatched = false;
    }

    private unsafe void Accept(int limit)
    {
        var address = stackalloc byte[LibC.SocketAddressSize];
        for (var accepted = 0; accepted < limit; accepted++)
        {
            uint length = LibC.SocketAddressSize;
            var descriptor = LibC.accept4(Descriptor, address, &length, LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC);
            if (descriptor >= 0)
            {
                Take(descriptor, SocketAddress.Decode(new ReadOnlySpan<byte>(address, (int)length)));
                continue;
            }
            var error = Errno.Last;
            if (error == Errno.EAGAIN) return;
            if (IsClientsOwn(error)) continue;
            PauseUntilTick(error);
            return;
        }
    }

    /// <summary>accept(2) reports errors of the connection that it was about to return as its own; the next may be fine.</summary>
    private static bool IsClientsOwn(Errno error) => error.Number is
        4 /* EINTR */ or 103 /* ECONNABORTED */ or 71 /* EPROTO */ or 1 /* EPERM: a firewall */ or
        100 /* ENETDOWN */ or 92 /* ENOPROTOOPT */ or 112 /* EHOSTDOWN */ or 64 /* ENONET */ or
        113 /* EHOSTUNREACH */ or 101 /* ENETUNREACH */;

    /// <summary>
    /// Out of descriptors or memory, or the listener is broken: the connection stays in the queue, so the level-triggered
    /// listener would wake us again at once, for ever. Out of epoll until the next tick, which also keeps the log to one
    /// line per second.
    /// </summary>
    private void PauseUntilTick(Errno error)
    {
        TransportLog.AcceptFailed(_context.Logger, Address, error.Text);
        Unwatch();
    }

    private void Take(int descriptor, EndPoint? remote)
    {
        if (EndPoint is IPEndPoint) ConnectionSocket.SendAtOnce(descriptor);
        var connection = new EpollConnection(descriptor, LocalEndPointOf(descriptor), remote, _context, Http == HttpVersions.Http2);
        _context.Connections.Add(connection);
        connection.Start();
        if (!_context.Loop.TryWatch(connection))
        {
            TransportLog.AcceptFailed(_context.Logger, Address, Errno.Last.Text);
            connection.Abort();
            return;
        }
        if (!_accepted.Writer.TryWrite(connection)) connection.Abort();
    }

    private EndPoint? LocalEndPointOf(int descriptor) =>
        EndPoint is IPEndPoint { Address: var address } && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            ? SocketAddress.OfSocket(descriptor)
            : EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_accepted.Reader.TryRead(out var connection)) return connection;
        }
        return null;
    }

    /// <summary>What has been accepted is still delivered; then <see cref="AcceptAsync"/> returns null.</summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        StopAccepting();
        _accepted.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    /// <summary>The descriptor stays open: it is not ours to close, and the process that ends closes it without a trace.</summary>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        while (_accepted.Reader.TryRead(out var connection))
        {
            connection.Abort();
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }
}
