using System.IO.Pipelines;
using System.Runtime.InteropServices;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Waits for the kernel, hands each event to the listener or connection it belongs to, and runs the application code that the
/// event has set going. While there is anything to watch it ticks once per second; with nothing to watch it sleeps without a
/// clock.
/// <para>
/// One thread at a time runs it: its owner (<see cref="LoopOwnership"/>). All that is declared here without a lock belongs to the
/// owner: the run queue, the output that is held back for a moment, the batch that epoll_wait has filled, the place reached in it, the time of the next tick. None of it is
/// touched during a callback, the only time when another thread may become the owner; so the next owner finds the loop between
/// two entries of the run queue, as the former one left it, and goes on there.
/// </para>
/// <para>
/// What the two threads then do at once concerns different things: the new owner reads and writes descriptors on behalf of
/// connections, whose own two loops are made to run on any thread (<see cref="EpollConnection"/>), also for the connection whose
/// callback still runs on the former one; and the former one is inside Kestrel or the application, which may use a connection's
/// pipes from any thread. What it schedules from there goes to the thread pool, never to the run queue
/// (<see cref="LoopThread.Collecting"/> is null during a callback and stays so when the loop is lost).
/// </para>
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
    private readonly LoopThreads _threads;
    private readonly ManualResetEventSlim _ended = new();
    private readonly LoopOwnership _ownership = new();
    private readonly RunQueue _queue = new();
    private readonly SendBatch _batch = new();
    private readonly byte* _events = (byte*)NativeMemory.Alloc(BatchSize, (nuint)LibC.EpollEventSize);
    private int _count;
    private int _next;
    private long _nextTick;
    private Acceptor[] _acceptors = [];
    private ConnectionDispatch? _running;
    private LoopThread? _owner;
    private OutputDispatch? _deferred;
    private int _isBusy;
    private int _turns;
    private volatile bool _stopped;

    internal EpollLoop(ConnectionSet connections, LoopThreads threads, BlockingMemory memory, ElsewhereDispatch elsewhere, HeldOutputs held)
    {
        Held = held;
        _connections = connections;
        _threads = threads;
        Memory = memory;
        Elsewhere = elsewhere;
        _epoll = Owned(LibC.epoll_create1(LibC.EPOLL_CLOEXEC), "epoll_create1");
        _wake = Owned(LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK), "eventfd");
        Control(LibC.EPOLL_CTL_ADD, _wake.Number, LibC.EPOLLIN | LibC.EPOLLET, WakeUp);
        NextTurn = new NextTurnScheduler(this);
    }

    private static FileDescriptor Owned(int number, string call) =>
        number < 0 ? throw SystemCallException.Of(call) : new FileDescriptor(number);

    internal BlockingMemory Memory { get; }

    internal ElsewhereDispatch Elsewhere { get; }

    internal HeldOutputs Held { get; }

    /// <summary>For transport code that has had its share and goes on after the others.</summary>
    internal PipeScheduler NextTurn { get; }

    /// <summary>Called by the owner on each turn, once per second.</summary>
    internal Action? Ticked { get; set; }

    /// <summary>Null where nobody looks.</summary>
    internal LoopMonitor? Monitor { get; set; }

    /// <summary>Counts the waits for the kernel, for the monitor.</summary>
    internal int Turns => Volatile.Read(ref _turns);

    /// <summary>False while the owner waits for the kernel, or is about to.</summary>
    internal bool IsBusy => Volatile.Read(ref _isBusy) != 0;

    internal LoopOwnership Ownership => _ownership;

    /// <summary>
    /// Whose callback runs, or has been the last to run. Meant for the monitor, which asks between a look at the ownership's word
    /// and the exchange that finds it unchanged.
    /// </summary>
    internal ConnectionDispatch? Running => Volatile.Read(ref _running);

    /// <summary>As <see cref="Running"/>.</summary>
    internal LoopThread? Owner => Volatile.Read(ref _owner);

    internal void Start(IEnumerable<Acceptor> acceptors)
    {
        // An array, because walking an interface's list allocates and this one is walked on every turn.
        _acceptors = [.. acceptors];
        _nextTick = Environment.TickCount64 + TickMilliseconds;
        if (!_threads.TryGive(this, static () => true)) throw new InvalidOperationException("no thread for the event loop");
    }

    /// <summary>
    /// Exclusive: of all processes that wait for this listener the kernel wakes one, not all. Level-triggered: what a bounded
    /// burst of accepts leaves in the queue is reported again.
    /// </summary>
    /// <returns>Why not: the kernel has no memory, or its limit of watches is reached. Null if it is watched.</returns>
    internal Errno? Watch(int listener, int index)
    {
        Errno? error = LibC.epoll_ctl(_epoll.Number, LibC.EPOLL_CTL_ADD, listener, LibC.EPOLLIN | LibC.EPOLLEXCLUSIVE, (uint)index) < 0 ? Errno.Last : null;
        // The loop may be asleep without a clock; from now on it has to tick.
        if (LoopThread.Current?.Collecting != this) Wake();
        return error;
    }

    internal void Forget(int listener) => Control(LibC.EPOLL_CTL_DEL, listener, 0, 0);

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

    /// <summary>By the owner, outside of callbacks.</summary>
    internal void Enqueue(in Scheduled entry) => _queue.Enqueue(entry);

    /// <summary>Runs the loop on the calling thread, its owner from now on, until the loop is taken from it or ends.</summary>
    internal void Run(LoopThread me)
    {
        _owner = me;
        me.Loop = me.Collecting = this;
        _batch.Send();
        RunDeferred();
        var isOurs = _queue.Count == 0 || RunQueued(me);
        while (isOurs && (_next < _count || !_stopped))
        {
            if (_next == _count) isOurs = Turn(me);
            else isOurs = Handle(me);
        }
        me.Loop = me.Collecting = null;
        if (isOurs) End();
    }

    private bool Handle(LoopThread me)
    {
        var index = _next++;
        OnEvent(LibC.EpollMask(_events, index), LibC.EpollData(_events, index));
        if (_queue.Count > 0) return RunQueued(me);
        _batch.SendIfDue();
        return true;
    }

    /// <returns>False if the loop is lost.</returns>
    private bool Turn(LoopThread me)
    {
        _next = _count = 0;
        _batch.Send();
        Volatile.Write(ref _isBusy, 0);
        // Below zero: EINTR, a signal or a debugger; the tick is decided by the clock either way.
        _count = Math.Max(0, LibC.epoll_wait(_epoll.Number, _events, BatchSize, TimeToWait()));
        _turns++;
        if (_count > 0) BecomeBusy();

        var now = Environment.TickCount64;
        if (now >= _nextTick)
        {
            _nextTick = now + TickMilliseconds;
            OnTick(now);
        }
        if (Patience() > 0) OnTurn(now);
        return _queue.Count == 0 || RunQueued(me);
    }

    private int TimeToWait()
    {
        if (_queue.Count > 0) return 0;
        if (Patience() is var patience and > 0) return patience;
        return HasDuties() ? (int)Math.Clamp(_nextTick - Environment.TickCount64, 0, TickMilliseconds) : -1;
    }

    /// <summary>The shortest of an acceptor that leaves something to siblings; 0: none does.</summary>
    private int Patience()
    {
        var shortest = 0;
        foreach (var acceptor in _acceptors)
        {
            if (acceptor.Patience is var patience and > 0 && (shortest == 0 || patience < shortest)) shortest = patience;
        }
        return shortest;
    }

    private void OnTurn(long now)
    {
        foreach (var acceptor in _acceptors) acceptor.OnTurn(now);
    }

    // Listeners first: the last one to stop accepting has added its last connections before it says so.
    private bool HasDuties()
    {
        foreach (var acceptor in _acceptors)
        {
            if (acceptor.IsAccepting) return true;
        }
        return _connections.Count > 0;
    }

    /// <summary>
    /// Once per turn, in order with the monitor's own look: it announces that it is going to sleep and then looks whether we are
    /// busy, we say that we are busy and then look whether it sleeps. Each does so with a full fence between, so that at least
    /// one of the two sees the other.
    /// </summary>
    private void BecomeBusy()
    {
        if (Monitor is null) return;
        Interlocked.Exchange(ref _isBusy, 1);
        Monitor.WakeIfAsleep();
    }

    /// <summary>
    /// Runs what is in the queue now; what is added meanwhile has its turn later, so that nobody who schedules himself again and
    /// again keeps the events waiting.
    /// </summary>
    /// <returns>False if the loop is lost.</returns>
    private bool RunQueued(LoopThread me)
    {
        if (_isBusy == 0) BecomeBusy();
        for (var left = _queue.Count; left > 0; left--)
        {
            var entry = _queue.Dequeue();
            if (entry.Connection is null) entry.Run();
            // Without a thread that could take the loop over, nothing runs on it that may block.
            else if (!_threads.CanTakeOver) Elsewhere.Schedule(entry, Place.Pool);
            else if (!RunCallback(me, entry)) return false;
        }
        return true;
    }

    private bool RunCallback(LoopThread me, in Scheduled entry)
    {
        _running = entry.Connection;
        me.Collecting = null;
        var inside = _ownership.Enter();
        me.Inside = inside;
        me.Hastened = 0;
        entry.Run();
        me.Clean();
        if (!_ownership.TryLeave(inside)) return false;
        var isAboveSuspicion = Memory.IsEmpty;
        if (!isAboveSuspicion) entry.Connection!.HasBehaved();
        me.Collecting = this;
        if (_deferred is null)
        {
            _batch.SendIfDue();
            return true;
        }
        // With somebody about who may block the loop in the next callback, nobody's answer waits for it.
        if (isAboveSuspicion && Interlocked.Exchange(ref _deferred, null) is { } output) _batch.Add(output);
        else RunDeferred();
        return true;
    }

    /// <summary>
    /// From within a callback: the output is sent when the callback has ended. If it does not end in time, the next owner finds
    /// it; and if the loop has been taken already, either he has found it, or the caller does, since each looks for the other
    /// after he has left his own mark, both with a full fence between.
    /// </summary>
    /// <returns>False if the caller has to see to the sending; that the next owner does so too is possible.</returns>
    internal bool TryDefer(OutputDispatch output)
    {
        var me = LoopThread.Current;
        if (me is null || me.Loop != this || me.Collecting is not null) return false;
        // Our own mark may stand there still, if what it was left for has been sent before its time (OutputWriter).
        if (Interlocked.CompareExchange(ref _deferred, output, null) is { } before && before != output) return false;
        return _ownership.Word == me.Inside;
    }

    private void RunDeferred() => Interlocked.Exchange(ref _deferred, null)?.Run();

    private void OnEvent(uint events, ulong data)
    {
        var generation = (uint)(data >> 32);
        var number = (uint)data;
        if (generation != 0) _connections.Find((int)number, generation)?.OnEvents(events);
        // The wake-up's counter is never read: edge-triggered, each write raises it anew.
        else if (number != WakeUp) _acceptors[(int)number].OnReady();
    }

    private void OnTick(long now)
    {
        foreach (var acceptor in _acceptors) acceptor.OnTick();
        foreach (var connection in _connections)
        {
            if (connection.Loop == this) connection.OnTick(now);
        }
        Ticked?.Invoke();
    }

    /// <summary>What was scheduled at the last moment still runs.</summary>
    private void End()
    {
        _batch.Send();
        while (_queue.Count > 0) Elsewhere.Schedule(_queue.Dequeue(), Place.Pool);
        _ended.Set();
    }

    /// <summary>Not before the owner has left; if a callback blocks him, not before a spare has taken over.</summary>
    public void Dispose()
    {
        _stopped = true;
        Wake();
        _ended.Wait();
        _epoll.Dispose();
        _wake.Dispose();
        NativeMemory.Free(_events);
    }

    private sealed class NextTurnScheduler(EpollLoop loop) : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state)
        {
            if (LoopThread.Current?.Collecting == loop) loop.Enqueue(new Scheduled(action, state, null));
            else loop.Elsewhere.Pool.Schedule(action, state);
        }
    }
}
