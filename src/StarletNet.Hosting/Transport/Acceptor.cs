using System.Net;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>One loop's share in a listener.</summary>
internal sealed class Acceptor(TransportListener listener, TransportContext context)
{
    /// <summary>Accepts in one go before the loop looks after its connections again, and before a sibling has a chance.</summary>
    private const int Burst = 16;

    /// <summary>Connections that this process may have more than a sibling before it leaves the rest of a burst to others.</summary>
    private const int Lead = 4;

    private readonly object _lock = new();
    private bool _isStarted;
    private bool _isStopped;
    private bool _isWatched;

    internal bool IsAccepting => Volatile.Read(ref _isStarted) && !Volatile.Read(ref _isStopped);

    internal void Start()
    {
        lock (_lock)
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
    internal void Stop()
    {
        lock (_lock)
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
        lock (_lock)
        {
            if (!IsAccepting || !_isWatched) return;
            Accept(Burst);
            if (_isWatched && (context.Options.Loops > 1 || Advantage() > 0)) LetOthersGoFirst();
        }
    }

    /// <summary>How many connections more than the sibling that has the fewest.</summary>
    private int Advantage() => context.Connections.Count - (context.Options.FewestOfSiblings?.Invoke() ?? int.MaxValue);

    /// <summary>
    /// The kernel wakes the first of those that wait for the listener, and they wait in the order in which they came: without this, whoever
    /// came first would get all connections for as long as he is not busy, and keep the long-lived ones. So who is ahead goes to
    /// the end of the line. Nothing is missed meanwhile: what comes between the two calls is reported by the second.
    /// </summary>
    private void LetOthersGoFirst()
    {
        Unwatch();
        Watch();
    }

    /// <summary>
    /// Once per second an accept without a wake-up: the wake-up may have been spent on a sibling that was killed or stopped
    /// before it could accept, and the client would wait for the next one to come.
    /// </summary>
    internal void OnTick()
    {
        lock (_lock)
        {
            if (!IsAccepting) return;
            if (!_isWatched) Watch();
            Accept(Burst);
        }
    }

    private void Watch()
    {
        context.Loop.Watch(listener.Descriptor, listener.Index);
        _isWatched = true;
    }

    private void Unwatch()
    {
        if (_isWatched) context.Loop.Forget(listener.Descriptor);
        _isWatched = false;
    }

    private unsafe void Accept(int limit)
    {
        var address = stackalloc byte[LibC.SocketAddressSize];
        for (var accepted = 0; accepted < limit; accepted++)
        {
            uint length = LibC.SocketAddressSize;
            var descriptor = LibC.accept4(listener.Descriptor, address, &length, LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC);
            if (descriptor >= 0)
            {
                Take(descriptor, SocketAddress.Decode(new ReadOnlySpan<byte>(address, (int)length)));
                // What is left is reported to the siblings, and again to us. Not when accepting stops: then there is no again.
                if (limit == Burst && Advantage() > Lead) return;
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
        TransportLog.AcceptFailed(context.Logger, listener.Address, error.Text);
        Unwatch();
    }

    private void Take(int descriptor, EndPoint? remote)
    {
        if (listener.EndPoint is IPEndPoint) ConnectionSocket.SendAtOnce(descriptor);
        var connection = new EpollConnection(
            descriptor, LocalEndPointOf(descriptor), remote, context, listener.Http == HttpVersions.Http2);
        context.Connections.Add(connection);
        connection.Start();
        if (!context.Loop.TryWatch(connection))
        {
            TransportLog.AcceptFailed(context.Logger, listener.Address, Errno.Last.Text);
            connection.Abort();
            return;
        }
        listener.Deliver(connection);
    }

    private EndPoint? LocalEndPointOf(int descriptor) =>
        listener.EndPoint is IPEndPoint { Address: var address } && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            ? SocketAddress.OfSocket(descriptor)
            : listener.EndPoint;
}
