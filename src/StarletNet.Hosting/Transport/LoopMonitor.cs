using System.Diagnostics;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Watches the loops: one that is found again and again in the same callback (<see cref="Suspicion"/>) is given to a spare thread, with
/// all its unprocessed events, and the callback's route or connection is remembered as one that blocks (<see cref="Accusation"/>). So is what the pool
/// runs of the application (<see cref="PoolRuns"/>), and the output that its threads hold back (<see cref="HeldOutputs"/>). Sleeps without a clock while all loops wait for the kernel; the first event after that wakes it, and no other costs a system call.
/// </summary>
internal sealed unsafe class LoopMonitor : IDisposable
{
    /// <summary>Between two looks. A callback that sleeps is noticed when it has lasted for two to three of them.</summary>
    private const int LookMilliseconds = 1;

    /// <summary>
    /// The same while nothing is amiss: no callback met twice, nobody known to block. The first to sleep is then noticed after three to five
    /// milliseconds, those that follow sooner. A look costs several microseconds, most of them for
    /// the thread that has to wait for it: at 1 ms five per cent of a worker's work on a crowded machine.
    /// </summary>
    private const int CalmMilliseconds = 2;

    /// <summary>The same while threads of the pool wait and all else is quiet: what comes to the pool now must not wait for them.</summary>
    private const int HeldMilliseconds = 20;

    private readonly EpollLoop[] _loops;
    private readonly LoopThreads _threads;
    private readonly ElsewhereDispatch _elsewhere;
    private readonly HeldOutputs _held;
    private readonly FileDescriptor _wake;
    private readonly Suspicion[] _suspicions;
    private readonly Accusation[] _accusations;
    private readonly int[] _turns;
    private readonly Thread _thread;
    private int _isAsleep;
    private long _takeOvers;
    private volatile bool _stopped;

    internal LoopMonitor(EpollLoop[] loops, LoopThreads threads)
    {
        _loops = loops;
        _threads = threads;
        (_elsewhere, _held) = (loops[0].Elsewhere, loops[0].Held);
        _suspicions = new Suspicion[loops.Length];
        _accusations = new Accusation[loops.Length];
        _turns = new int[loops.Length];
        var number = LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK);
        _wake = number < 0 ? throw SystemCallException.Of("eventfd") : new FileDescriptor(number);
        _thread = new Thread(Run) { IsBackground = true, Name = "starletnet monitor" };
    }

    /// <summary>How often a loop has changed hands. Some of them for no good reason: a pause of the whole process, a busy machine.</summary>
    internal long TakeOvers => Volatile.Read(ref _takeOvers);

    internal void Start() => _thread.UnsafeStart();

    /// <summary>By a loop that has just said to be busy. See <see cref="EpollLoop"/> for the order of the two.</summary>
    internal void WakeIfAsleep()
    {
        if (Volatile.Read(ref _isAsleep) != 0) Wake();
    }

    internal void Wake()
    {
        ulong one = 1;
        _ = LibC.write(_wake.Number, (byte*)&one, sizeof(ulong));
    }

    private void Run()
    {
        var isPoolHeld = false;
        while (!_stopped)
        {
            if (AreQuiet(sinceLastLook: true))
            {
                Interlocked.Exchange(ref _isAsleep, 1);
                if (AreQuiet(sinceLastLook: false)) Wait(isPoolHeld ? HeldMilliseconds : -1);
                Interlocked.Exchange(ref _isAsleep, 0);
            }
            var isCalm = _loops[0].Memory.IsEmpty;
            for (var index = 0; index < _loops.Length; index++) isCalm &= !Look(index);
            _held.Look();
            isPoolHeld = _elsewhere.LookAtPool(GC.CollectionCount(0));
            _threads.Replenish();
            Pause(isCalm && !isPoolHeld ? CalmMilliseconds : LookMilliseconds);
        }
    }

    /// <summary>Whether no loop does anything; with a hysteresis, so that one that is often idle for a moment need not wake us each time.</summary>
    private bool AreQuiet(bool sinceLastLook)
    {
        var quiet = _elsewhere.Runs.AreQuiet && _held.AreQuiet && !_threads.AreWaitedFor;
        for (var index = 0; index < _loops.Length; index++)
        {
            var turns = _loops[index].Turns;
            if (_loops[index].IsBusy || (sinceLastLook && (turns != _turns[index] || _accusations[index].IsOpen))) quiet = false;
            _turns[index] = turns;
        }
        return quiet;
    }

    /// <returns>Whether anything is amiss.</returns>
    private bool Look(int index)
    {
        var loop = _loops[index];
        var collections = GC.CollectionCount(0);
        _accusations[index].Judge(collections, atOnce: false);
        var word = loop.Ownership.Word;
        if (!_suspicions[index].IsSame(word, collections)) return _accusations[index].IsOpen;
        // Asked between the word and the exchange that finds it unchanged: so they belong to it.
        var (running, owner) = (loop.Running, loop.Owner!.Look);
        if (_suspicions[index].Conclude(owner.Doing(), owner.Processor()) is not { } place || !TryGive(loop, word)) return true;
        _takeOvers++;
        _accusations[index].Judge(collections, atOnce: true);
        if (place != Place.Loop) _accusations[index] = new Accusation(running, place, collections);
        return true;
    }

    private bool TryGive(EpollLoop loop, long word) => _threads.TryGive(loop, () => loop.Ownership.TryTake(word));

    /// <summary>Who is woken meanwhile has to start a thread, and sees no more than before: two looks in a row would take for long what is short.</summary>
    private void Pause(int milliseconds)
    {
        var began = Stopwatch.GetTimestamp();
        for (double left = milliseconds; left > 0 && !_stopped; left = milliseconds - Stopwatch.GetElapsedTime(began).TotalMilliseconds)
        {
            Wait((int)Math.Ceiling(left));
            // Before the next sleep, too: nobody would say so again.
            _threads.Replenish();
        }
    }

    private void Wait(int milliseconds)
    {
        var wake = new pollfd { fd = _wake.Number, events = LibC.POLLIN };
        if (LibC.poll(&wake, 1, milliseconds) <= 0) return;
        ulong count;
        _ = LibC.read(_wake.Number, (byte*)&count, sizeof(ulong));
    }

    /// <summary>To be called when the loops have ended.</summary>
    public void Dispose()
    {
        _stopped = true;
        Wake();
        _thread.Join();
        _wake.Dispose();
    }
}
