using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// The one thread that waits for the kernel. It hands each event to the listener or connection it belongs to and, while
/// there is anything to watch, ticks once per second; with nothing to watch it sleeps without a clock.
/// </summary>
internal sealed unsafe class EpollLoop : IDisposable
{
    private const int BatchSize = 256;
    private const int TickMilliseconds = 1000;

    /// <summary>Low half of epoll's data, with generation 0, for our own wake-up; small numbers there are listeners.</summary>
    private const uint WakeUp = uint.MaxValue;

    private readonly FileDescriptor _epoll;
    private readonly FileDescriptor _wake;
    private readonly ConnectionSet _connections;
    private readonly BlockPool _pool;
    private readonly Thread _thread;
    private TransportListener[] _listeners = [];
    private volatile bool _stopped;

    internal EpollLoop(ConnectionSet connections, BlockPool pool)
    {
        _connections = connections;
        _pool = pool;
        _epoll = Owned(LibC.epoll_create1(LibC.EPOLL_CLOEXEC), "epoll_create1");
        _wake = Owned(LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK), "eventfd");
        Control(LibC.EPOLL_CTL_ADD, _wake.Number, LibC.EPOLLIN | LibC.EPOLLET, WakeUp);
        _thread = new Thread(Run) { IsBackground = true, Name = "starletnet loop" };
    }

    private static FileDescriptor Owned(int number, string call) =>
        number < 0 ? throw SystemCallException.Of(call) : new FileDescriptor(number);

    internal void Start(IReadOnlyList<TransportListener> listeners)
    {
        // An array, because walking an interface's list allocates and this one is walked on every turn.
        _listeners = [.. listeners];
        _thread.Start();
    }

    /// <summary>
    /// Exclusive: of all processes that wait for this listener the kernel wakes one, not all. Level-triggered: what a bounded
    /// burst of accepts leaves in the queue is reported again.
    /// </summary>
    internal void Watch(TransportListener listener)
    {
        Control(LibC.EPOLL_CTL_ADD, listener.Descriptor, LibC.EPOLLIN | LibC.EPOLLEXCLUSIVE, (uint)listener.Index);
        // The loop may be asleep without a clock; from now on it has to tick.
        Wake();
    }

    internal void Forget(TransportListener listener) => Control(LibC.EPOLL_CTL_DEL, listener.Descriptor, 0, 0);

    /// <summary>
    /// Edge-triggered, once for the connection's whole life. Writability is not asked for yet: a fresh socket is writable, and
    /// each connection would begin with an event that tells nothing.
    /// </summary>
    /// <returns>False if the kernel has no memory (or its limit of watches is reached); errno tells.</returns>
    internal bool TryWatch(EpollConnection connection) =>
        LibC.epoll_ctl(_epoll.Number, LibC.EPOLL_CTL_ADD, connection.Descriptor,
            LibC.EPOLLIN | LibC.EPOLLRDHUP | LibC.EPOLLET, Data(connection)) == 0;

    /// <summary>From now on both directions. If the socket has become writable meanwhile, that is reported at once.</summary>
    internal void WatchOutput(EpollConnection connection) =>
        Control(LibC.EPOLL_CTL_MOD, connection.Descriptor,
            LibC.EPOLLIN | LibC.EPOLLOUT | LibC.EPOLLRDHUP | LibC.EPOLLET, Data(connection));

    private static ulong Data(EpollConnection connection) => ((ulong)connection.Generation << 32) | (uint)connection.Descriptor;

    private void Control(int operation, int descriptor, uint events, ulong data)
    {
        if (LibC.epoll_ctl(_epoll.Number, operation, descriptor, events, data) < 0)
            throw SystemCallException.Of($"epoll_ctl({descriptor})");
    }

    private void Wake()
    {
        ulong one = 1;
        _ = LibC.write(_wake.Number, (byte*)&one, sizeof(ulong));
    }

    private void Run()
    {
        var events = stackalloc byte[BatchSize * LibC.EpollEventSize];
        var nextTick = Environment.TickCount64 + TickMilliseconds;
        while (!_stopped)
        {
            var timeout = HasDuties() ? (int)Math.Clamp(nextTick - Environment.TickCount64, 0, TickMilliseconds) : -1;
            var count = LibC.epoll_wait(_epoll.Number, events, BatchSize, timeout);
            // Below zero: EINTR, a signal or a debugger; the tick is decided by the clock either way.
            for (var index = 0; index < count; index++) OnEvent(LibC.EpollMask(events, index), LibC.EpollData(events, index));

            var now = Environment.TickCount64;
            if (now < nextTick) continue;
            nextTick = now + TickMilliseconds;
            OnTick(now);
        }
    }

    // Listeners first: the last one to stop accepting has added its last connections before it says so.
    private bool HasDuties()
    {
        foreach (var listener in _listeners)
        {
            if (listener.IsAccepting) return true;
        }
        return _connections.Count > 0;
    }

    private void OnEvent(uint events, ulong data)
    {
        var generation = (uint)(data >> 32);
        var number = (uint)data;
        if (generation != 0) _connections.Find((int)number, generation)?.OnEvents(events);
        // The wake-up's counter is never read: edge-triggered, each write raises it anew.
        else if (number != WakeUp) _listeners[(int)number].OnReady();
    }

    private void OnTick(long now)
    {
        foreach (var listener in _listeners) listener.OnTick();
        foreach (var connection in _connections) connection.OnTick(now);
        _pool.Trim();
    }

    public void Dispose()
    {
        _stopped = true;
        Wake();
        if (_thread.IsAlive && _thread != Thread.CurrentThread) _thread.Join();
        _epoll.Dispose();
        _wake.Dispose();
    }
}
