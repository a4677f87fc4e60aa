using System.Net;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>One loop's share in a listener.</summary>
internal sealed class Acceptor(TransportListener listener, TransportContext context)
{
    /// <summary>Accepts in one go before the loop looks after its connections again, and before a sibling has a chance.</summary>
    private const int Burst = 16;

    /// <summary>
    /// What may have been announced to us when accepting stops: no more than a queue holds. Without an end, clients that connect faster
    /// than we accept would hold up the drain.
    /// </summary>
    private const int WholeQueue = 65_536;

    private readonly object _lock = new();
    private readonly Courtesy _courtesy = new((long)context.Options.Courtesy.TotalMilliseconds);
    private bool _isStarted;
    private bool _isStopping;
    private bool _isStopped;
    private bool _isWatched;
    // What waits now has been announced to the others as well.
    private bool _isLastInLine;
    private volatile int _patience;

    /// <summary>
    /// Milliseconds after which it wants <see cref="OnTurn"/> at the latest, because it leaves what waits to a sibling; 0: it does not. Who is ahead
    /// waits for as short as possible; who is full (see <see cref="TransportOptions.IsFull"/>) has enough to do and need not look all the time.
    /// </summary>
    internal int Patience => _patience;

    private const int WhenAhead = 1, WhenFull = 10;

    internal bool IsAccepting => Volatile.Read(ref _isStarted) && !Volatile.Read(ref _isStopped);

    internal void Start()
    {
        lock (_lock)
        {
            if (_isStarted || _isStopping) return;
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
        var left = WholeQueue;
        lock (_lock)
        {
            _isStopping = true;
            if (!_isStarted || _isStopped) left = 0;
            else Unwatch();
            _patience = 0;
        }
        // The loop may ask for the lock at any time, and all its connections wait with it.
        for (var isEmpty = false; left > 0 && !isEmpty; left -= Burst)
        {
            lock (_lock) isEmpty = Accept();
        }
        // Last: until here the loop ticks on our account, from here on for the connections.
        Volatile.Write(ref _isStopped, true);
    }

    /// <summary>epoll reports a connection in the queue; a sibling may have taken it by now.</summary>
    internal void OnReady()
    {
        lock (_lock)
        {
            if (!IsAccepting || _isStopping || !_isWatched) return;
            if (IsFull(already: false))
            {
                // As in Stop: what was announced to us, and to nobody else, we take; what comes from now on is announced to siblings.
                Unwatch();
                if (Accept()) _patience = WhenFull;
                else Watch();
                return;
            }
            if (_isLastInLine && _courtesy.TryBegin(context.Connections.Count, FewestOfSiblings, Environment.TickCount64))
            {
                _patience = WhenAhead;
                Unwatch();
                return;
            }
            Accept();
            _isLastInLine = _isWatched && (context.Options.Loops > 1 || context.Connections.Count > FewestOfSiblings);
            if (_isLastInLine) LetOthersGoFirst();
        }
    }

    /// <summary>While we leave what waits to a sibling, after each turn of the loop.</summary>
    internal void OnTurn(long now)
    {
        lock (_lock)
        {
            if (!IsAccepting || _isStopping || !IsOver(now)) return;
            _patience = 0;
            Watch();
        }
    }

    private bool IsOver(long now) => _patience switch
    {
        WhenAhead => _courtesy.IsOver(context.Connections.Count, FewestOfSiblings, now),
        WhenFull => !IsFull(already: true),
        _ => false,
    };

    private bool IsFull(bool already) => context.Options.IsFull?.Invoke(already) == true;

    private int FewestOfSiblings => context.Options.FewestOfSiblings?.Invoke() ?? int.MaxValue;

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
    /// before it could accept, and the client would wait for the next one to come. Also of who is full: the sibling to which
    /// he leaves what comes may be stuck.
    /// </summary>
    internal void OnTick()
    {
        lock (_lock)
        {
            if (!IsAccepting || _isStopping || _patience == WhenAhead) return;
            if (!_isWatched && _patience == 0) Watch();
            _courtesy.Renew(FewestOfSiblings);
            Accept();
        }
    }

    private void Watch()
    {
        // The watch that we have given up a moment ago may be somebody else's now, who is the same user. The tick tries again.
        var error = context.Loop.Watch(listener.Descriptor, listener.Index);
        _isWatched = error is null;
        if (error is { } refused) TransportLog.AcceptFailed(context.Logger, listener.Address, refused.Text);
    }

    private void Unwatch()
    {
        if (_isWatched) context.Loop.Forget(listener.Descriptor);
        _isWatched = false;
    }

    /// <returns>Whether there is nothing left that could be accepted now.</returns>
    private unsafe bool Accept()
    {
        var address = stackalloc byte[LibC.SocketAddressSize];
        for (var accepted = 0; accepted < Burst; accepted++)
        {
            uint length = LibC.SocketAddressSize;
            var descriptor = LibC.accept4(listener.Descriptor, address, &length, LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC);
            if (descriptor >= 0)
            {
                Take(descriptor, SocketAddress.Decode(new ReadOnlySpan<byte>(address, (int)length)));
                // What is left is reported to the siblings, and again to us. Not when accepting stops: then there is no again.
                if (!_isStopping && _courtesy.IsDue(context.Connections.Count, FewestOfSiblings)) return false;
                continue;
            }
            var error = Errno.Last;
            if (error == Errno.EAGAIN) return true;
            if (IsClientsOwn(error)) continue;
            PauseUntilTick(error);
            return true;
        }
        return false;
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

    /// <summary>
    /// Takes a connection of this process to itself, also before anything is accepted. From any thread: the loop learns of it by its first event, as of one
    /// that <see cref="Stop"/> accepts.
    /// </summary>
    /// <param name="descriptor">One end of a socket pair, non-blocking; belongs to the transport from now on.</param>
    internal void TakeOwn(int descriptor) => Take(descriptor, listener.EndPoint, listener.EndPoint is IPEndPoint ? new IPEndPoint(IPAddress.Loopback, 0) : null, isOwn: true);

    private void Take(int descriptor, EndPoint? remote)
    {
        if (listener.EndPoint is IPEndPoint) ConnectionSocket.SendAtOnce(descriptor);
        Take(descriptor, LocalEndPointOf(descriptor), remote, isOwn: false);
    }

    private void Take(int descriptor, EndPoint? local, EndPoint? remote, bool isOwn)
    {
        var connection = new EpollConnection(descriptor, local, remote, context, listener.Http == HttpVersions.Http2) { IsOwn = isOwn };
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
