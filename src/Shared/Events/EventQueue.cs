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
/// TERM, SIGRTMIN+3, INT and QUIT come before all other signals: the kernel keeps no order between pending signals, so "which came first" is
/// not to be known, and a stop must never be lost behind a restart;
/// timers come last: a child that died as its interval ran out, died.
/// </remarks>
internal sealed unsafe class EventQueue : IDisposable
{
    private static readonly Signal[] StopSignals = [Signal.Term, Signal.ContainerStop, Signal.Int, Signal.Quit];

    /// <summary>Real-time signals queue up: a process that sends them without end must not keep us from everything else.</summary>
    private const int MostReads = 64;

    private readonly Timers _timers = new();
    private readonly List<(FileDescriptor Fd, object Tag)> _watched = [];
    private FileDescriptor? _signals;

    private bool _reapIsDue;

    /// <summary>
    /// Keeps these signals, and CHLD, pending for the queue that will <see cref="Handle"/> them. To be called before anything else is
    /// done that must not be done twice or be lost in an exec: see <see cref="SignalMask"/>.
    /// </summary>
    internal static void Block(params ReadOnlySpan<Signal> signals) => SignalMask.BlockInEveryThread([Signal.Chld, .. signals]);

    /// <summary>
    /// From now on these signals arrive as <see cref="SignalReceived"/> instead of taking their default action, and ends of
    /// children as <see cref="ChildExited"/>. To be called once; <see cref="Block"/>s them, if that was not done before.
    /// </summary>
    /// <remarks>
    /// A signal that comes between two reads stays pending in the kernel, which also keeps it across an exec: none is ever lost.
    /// Several equal ones are one, as they always were.
    /// </remarks>
    internal void Handle(params ReadOnlySpan<Signal> signals)
    {
        Block(signals);
        Signal[] all = [Signal.Chld, .. signals];
        // What our caller has ignored (nohup, a shell's background job). For CHLD it would make the kernel drop every exit status.
        foreach (var signal in all) signal.StopIgnoring();
        sigset_t set;
        LibC.sigemptyset(&set);
        foreach (var signal in all) LibC.sigaddset(&set, signal.Number);
        var number = LibC.signalfd(-1, &set, LibC.SFD_CLOEXEC | LibC.SFD_NONBLOCK);
        if (number < 0) throw SystemCallException.Of("signalfd");
        _signals = new FileDescriptor(number);
        // Somebody may have ended already: an orphan of pid 1, a child of the program we were before an exec.
        _reapIsDue = true;
    }

    /// <summary>Starts a child whose end will arrive as <see cref="ChildExited"/>.</summary>
    /// <exception cref="SystemCallException">No process could be made.</exception>
    internal ChildProcess Start(ChildSpec spec) => _signals is not null
        ? ChildProcess.Start(spec)
        : throw new InvalidOperationException("nobody would notice its end: Handle comes first");

    /// <summary>Reports <paramref name="fd"/> as <see cref="Readable"/> in every batch for as long as there is something to read.</summary>
    internal void Watch(FileDescriptor fd, object tag) => _watched.Add((fd, tag));

    /// <summary>To be called before the descriptor is closed.</summary>
    internal void Unwatch(object tag) => _watched.RemoveAll(watched => ReferenceEquals(watched.Tag, tag));

    /// <summary>Sets the timer of that key, or moves it if it is set.</summary>
    internal void SetTimer(object key, TimeSpan delay) => _timers.Set(key, delay);

    /// <summary>All that are set, and the time each still has.</summary>
    internal IEnumerable<(object Key, TimeSpan Remaining)> Timers => _timers.Running;

    internal void CancelTimer(object key) => _timers.Cancel(key);

    /// <summary>Waits for the next batch of events; never empty.</summary>
    internal IReadOnlyList<Event> Take()
    {
        var batch = new List<Event>();
        while (batch.Count == 0)
        {
            var signalled = Poll(batch, _reapIsDue ? 0 : _timers.MillisecondsToNext());
            List<SignalReceived> signals = signalled ? ReadSignals() : [];
            if (_reapIsDue || signals.Exists(one => one.Signal == Signal.Chld)) Reap(batch);
            AddSignals(signals, batch);
            _timers.TakeDue(batch);
        }
        return batch;
    }

    private void Reap(List<Event> batch)
    {
        _reapIsDue = false;
        var exits = new List<Event>();
        while (ChildReaper.TryReap(out var pid, out var exit)) exits.Add(new ChildExited(pid, exit));
        if (exits.Count == 0) return;
        // Only now, after the last one reaped is dead, is everything that any of them said there to be seen: look again.
        batch.Clear();
        Poll(batch, 0);
        batch.AddRange(exits);
    }

    /// <summary>
    /// In the order in which they are read. A standard signal that is pending already is not queued a second time, and keeps the value of
    /// the first one. Two of the same number with different values are two events: the receiver decides which one counts.
    /// </summary>
    private List<SignalReceived> ReadSignals()
    {
        const int AtOnce = 16;
        var buffer = stackalloc signalfd_siginfo[AtOnce];
        var received = new List<SignalReceived>();
        for (var reads = 0; reads < MostReads; reads++)
        {
            var count = (int)LibC.read(_signals!.Number, buffer, AtOnce * sizeof(signalfd_siginfo)) / sizeof(signalfd_siginfo);
            for (var i = 0; i < count; i++)
            {
                var signal = Received(buffer[i]);
                if (!received.Contains(signal)) received.Add(signal);
            }
            if (count < AtOnce) break;
        }
        return received;
    }

    private static SignalReceived Received(in signalfd_siginfo info) => new(new Signal((int)info.ssi_signo))
    {
        Value = info.ssi_code == LibC.SI_QUEUE ? new SignalValue((int)info.ssi_pid, info.ssi_int) : null,
    };

    private static void AddSignals(List<SignalReceived> received, List<Event> batch)
    {
        if (received.Count == 0) return;
        foreach (var signal in StopSignals) batch.AddRange(received.Where(one => one.Signal == signal));
        batch.AddRange(received.Where(one => one.Signal != Signal.Chld && !StopSignals.Contains(one.Signal)).OrderBy(one => one.Signal.Number));
    }

    /// <returns>Whether a signal is pending.</returns>
    private bool Poll(List<Event> batch, int timeoutMilliseconds)
    {
        Span<pollfd> fds = _watched.Count < 64 ? stackalloc pollfd[_watched.Count + 1] : new pollfd[_watched.Count + 1];
        // A negative number is passed over.
        fds[0] = new pollfd { fd = _signals?.Number ?? -1, events = LibC.POLLIN };
        for (var i = 0; i < _watched.Count; i++)
            fds[i + 1] = new pollfd { fd = _watched[i].Fd.Number, events = LibC.POLLIN };
        fixed (pollfd* pointer = fds)
        {
            if (LibC.poll(pointer, (uint)fds.Length, timeoutMilliseconds) < 0)
            {
                var error = Errno.OfLastCall;
                if (error == Errno.EINTR) return false;
                throw new SystemCallException("poll", error);
            }
        }
        for (var i = 0; i < _watched.Count; i++)
            if (fds[i + 1].revents != 0) batch.Add(new Readable(_watched[i].Tag));
        return fds[0].revents != 0;
    }

    public void Dispose() => _signals?.Dispose();
}
