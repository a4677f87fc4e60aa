using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Shared.Events;

/// <summary>
/// Everything a supervisor reacts to, in one queue, taken by the one thread that owns the state: readable descriptors, exits of
/// children, signals, timers. The thread sleeps in poll(2); with nothing to do the process makes no system call at all.
/// </summary>
/// <remarks>
/// The order within one batch is part of the contract:
/// what a child said comes before its death, because it was sent before it (a candidate that is ready and then dies);
/// deaths come before signals, so that a HUP finds the state as it is;
/// TERM, INT and QUIT come before all other signals: .NET hands signals on unordered, so "which came first" is not to be known,
/// and a stop must never be lost behind a restart;
/// timers come last: a child that died as its interval ran out, died.
/// </remarks>
internal sealed unsafe class EventQueue : IDisposable
{
    private static readonly Signal[] StopSignals = [Signal.Term, Signal.Int, Signal.Quit];

    private readonly FileDescriptor _wake;
    private readonly Timers _timers = new();
    private readonly List<(FileDescriptor Fd, object Tag)> _watched = [];
    private readonly List<IDisposable> _registrations = [];
    private readonly ChildReaper _reaper;
    private long _pendingSignals;
    private int _childrenExited;

    internal EventQueue()
    {
        var wake = LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK);
        if (wake < 0) throw SystemCallException.Of("eventfd");
        _wake = new FileDescriptor(wake);
        _reaper = new ChildReaper(() =>
        {
            Volatile.Write(ref _childrenExited, 1);
            Wake();
        });
    }

    /// <summary>From now on these signals arrive as <see cref="SignalReceived"/> instead of taking their default action.</summary>
    internal void Handle(params ReadOnlySpan<Signal> signals)
    {
        // All of them before the first registration: that one makes the runtime look at INT and QUIT as well, and those it then
        // finds ignored (the caller's background job, `program &`) it would never handle, whatever is done about them later.
        foreach (var signal in signals) signal.StopIgnoring();
        foreach (var signal in signals)
        {
            var bit = 1L << signal.Number;
            // The handler runs on some thread of the pool and may do nothing but this.
            _registrations.Add(System.Runtime.InteropServices.PosixSignalRegistration.Create(
                (System.Runtime.InteropServices.PosixSignal)signal.Number,
                context =>
                {
                    context.Cancel = true;
                    Interlocked.Or(ref _pendingSignals, bit);
                    Wake();
                }));
        }
    }

    /// <summary>Starts a child whose end will arrive as <see cref="ChildExited"/>.</summary>
    /// <exception cref="SystemCallException">No process could be made.</exception>
    internal ChildProcess Start(ChildSpec spec)
    {
        var child = ChildProcess.Start(spec);
        _reaper.Continue();
        return child;
    }

    /// <summary>For pid 1, which must reap orphans even before it has started anything.</summary>
    internal void WatchOrphans() => _reaper.Continue();

    /// <summary>Reports <paramref name="fd"/> as <see cref="Readable"/> in every batch for as long as there is something to read.</summary>
    internal void Watch(FileDescriptor fd, object tag) => _watched.Add((fd, tag));

    /// <summary>To be called before the descriptor is closed.</summary>
    internal void Unwatch(object tag) => _watched.RemoveAll(watched => ReferenceEquals(watched.Tag, tag));

    /// <summary>Sets the timer of that key, or moves it if it is set.</summary>
    internal void SetTimer(object key, TimeSpan delay) => _timers.Set(key, delay);

    internal void CancelTimer(object key) => _timers.Cancel(key);

    /// <summary>Waits for the next batch of events; never empty.</summary>
    internal IReadOnlyList<Event> Take()
    {
        var batch = new List<Event>();
        while (batch.Count == 0)
        {
            Poll(batch, _timers.MillisecondsToNext());
            if (Interlocked.Exchange(ref _childrenExited, 0) != 0) Reap(batch);
            TakeSignals(batch);
            _timers.TakeDue(batch);
        }
        return batch;
    }

    private void Reap(List<Event> batch)
    {
        var exits = new List<Event>();
        while (ChildReaper.TryReap(out var pid, out var exit)) exits.Add(new ChildExited(pid, exit));
        // Only now, after the last one reaped is dead, is everything that any of them said there to be seen: look again.
        batch.Clear();
        Poll(batch, 0);
        batch.AddRange(exits);
        _reaper.Continue();
    }

    private void TakeSignals(List<Event> batch)
    {
        var pending = Interlocked.Exchange(ref _pendingSignals, 0);
        if (pending == 0) return;
        foreach (var signal in StopSignals) TakeSignal(signal, ref pending, batch);
        for (var number = 1; pending != 0; number++) TakeSignal(new Signal(number), ref pending, batch);
    }

    private static void TakeSignal(Signal signal, ref long pending, List<Event> batch)
    {
        var bit = 1L << signal.Number;
        if ((pending & bit) == 0) return;
        pending &= ~bit;
        batch.Add(new SignalReceived(signal));
    }

    private void Poll(List<Event> batch, int timeoutMilliseconds)
    {
        Span<LibC.PollFd> fds = _watched.Count < 64 ? stackalloc LibC.PollFd[_watched.Count + 1] : new LibC.PollFd[_watched.Count + 1];
        fds[0] = new LibC.PollFd { Fd = _wake.Number, Events = LibC.POLLIN };
        for (var i = 0; i < _watched.Count; i++)
            fds[i + 1] = new LibC.PollFd { Fd = _watched[i].Fd.Number, Events = LibC.POLLIN };
        fixed (LibC.PollFd* pointer = fds)
        {
            if (LibC.poll(pointer, (nuint)fds.Length, timeoutMilliseconds) < 0)
            {
                if (Errno.Last == Errno.EINTR) return;
                throw SystemCallException.Of("poll");
            }
        }
        if (fds[0].Returned != 0) ClearWake();
        for (var i = 0; i < _watched.Count; i++)
            if (fds[i + 1].Returned != 0) batch.Add(new Readable(_watched[i].Tag));
    }

    private void Wake()
    {
        ulong one = 1;
        // Fails only if the counter is full, and then the poll is awake anyway.
        LibC.write(_wake.Number, (byte*)&one, sizeof(ulong));
    }

    // Cleared before the conditions are read: one that is set in between wakes the next poll, so none is lost.
    private void ClearWake()
    {
        ulong count;
        LibC.read(_wake.Number, (byte*)&count, sizeof(ulong));
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        // _wake stays open: the waitpid thread may be about to write to it, and its number must not become another file's.
    }
}
