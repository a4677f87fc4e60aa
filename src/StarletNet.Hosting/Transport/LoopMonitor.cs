using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Watches the loops: one that is found twice in the same callback is given to a spare thread, with all its unprocessed events,
/// and the callback's route or connection is remembered as one that blocks. Sleeps without a clock while all loops wait for the
/// kernel; the first event after that wakes it, and no other costs a system call.
/// </summary>
internal sealed unsafe class LoopMonitor : IDisposable
{
    /// <summary>Between two looks. A callback is noticed when it has lasted for one to two of them.</summary>
    private const int LookMilliseconds = 1;

    /// <summary>Looks at one callback, always ready to run, until it counts as one that computes.</summary>
    private const int LooksAtComputing = 4;

    private readonly EpollLoop[] _loops;
    private readonly LoopThreads _threads;
    private readonly FileDescriptor _wake;
    private readonly long[] _seen;
    private readonly int[] _turns;
    private readonly int[] _looks;
    private readonly Thread _thread;
    private int _isAsleep;
    private long _takeOvers;
    private volatile bool _stopped;

    internal LoopMonitor(EpollLoop[] loops, LoopThreads threads)
    {
        _loops = loops;
        _threads = threads;
        _seen = new long[loops.Length];
        _turns = new int[loops.Length];
        _looks = new int[loops.Length];
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
        while (!_stopped)
        {
            if (AreQuiet(sinceLastLook: true))
            {
                Interlocked.Exchange(ref _isAsleep, 1);
                if (AreQuiet(sinceLastLook: false)) Wait(-1);
                Interlocked.Exchange(ref _isAsleep, 0);
            }
            for (var index = 0; index < _loops.Length; index++) Look(index);
            _threads.Replenish();
            Wait(LookMilliseconds);
        }
    }

    /// <summary>Whether no loop does anything; with a hysteresis, so that one that is often idle for a moment need not wake us each time.</summary>
    private bool AreQuiet(bool sinceLastLook)
    {
        var quiet = true;
        for (var index = 0; index < _loops.Length; index++)
        {
            var turns = _loops[index].Turns;
            if (_loops[index].IsBusy || (sinceLastLook && turns != _turns[index])) quiet = false;
            _turns[index] = turns;
        }
        return quiet;
    }

    private void Look(int index)
    {
        var loop = _loops[index];
        var word = loop.Ownership.Word;
        var before = _seen[index];
        _seen[index] = word;
        if (word != before || !LoopOwnership.IsInCallback(word))
        {
            _looks[index] = 0;
            return;
        }

        var running = loop.Running;
        // One that is ready to run may just not have been given a processor; another thread would have to wait for it as well.
        // If it is still there after a while it computes.
        var place = loop.Owner is { } owner && owner.Look.IsWaiting() ? Place.Spare : Place.Pool;
        if (place == Place.Pool && ++_looks[index] < LooksAtComputing) return;
        if (!_threads.TryGive(loop, () => loop.Ownership.TryTake(word))) return;
        _takeOvers++;
        running?.HasBlockedLoop(place);
    }

    private void Wait(int milliseconds)
    {
        var wake = new LibC.PollFd { Fd = _wake.Number, Events = LibC.POLLIN };
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
