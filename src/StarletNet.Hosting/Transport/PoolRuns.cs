namespace StarletNet.Hosting.Transport;

/// <summary>
/// What of the application runs on the thread pool now: a connection's first request, those of HTTP/2, and what is held for one that computes. It is judged
/// by the time it has taken when it ends; but one that waits may wait for something that only the pool's other threads can give, and when enough of
/// them do so, none ever ends. So the monitor looks at these as it does at loops.
/// </summary>
internal sealed class PoolRuns(BlockingMemory memory)
{
    private readonly List<PoolThread> _threads = [];

    /// <summary>Null where nobody looks.</summary>
    internal LoopMonitor? Monitor { get; set; }

    /// <summary>Before application code is called.</summary>
    /// <param name="accused">Whose it is, if its route is not known.</param>
    /// <param name="route">As <see cref="BlockingMemory.RouteOf"/>; 0 if it is not known.</param>
    /// <returns>What is to be left afterwards; null on a thread of the worker's own.</returns>
    internal PoolThread? Enter(ConnectionDispatch? accused, int route)
    {
        if (LoopThread.Current is not null) return null;
        var thread = PoolThread.Current is { } known && known.Runs == this ? known : Find();
        thread.Enter(accused, route);
        Monitor?.WakeIfAsleep();
        return thread;
    }

    private PoolThread Find()
    {
        lock (_threads)
        {
            var thread = _threads.Find(static thread => thread.IsOurs);
            if (thread is null) _threads.Add(thread = new PoolThread(this));
            return PoolThread.Current = thread;
        }
    }

    /// <summary>Whether there is nothing to look at: nothing runs, or it has been found to wait.</summary>
    internal bool AreQuiet
    {
        get
        {
            lock (_threads)
            {
                foreach (var thread in _threads)
                {
                    if (thread.IsOfInterest) return false;
                }
                return true;
            }
        }
    }

    /// <summary>On the monitor's thread.</summary>
    /// <param name="collections">By the garbage collector, so far.</param>
    /// <returns>How many threads are held by what has been found to wait.</returns>
    internal int Look(int collections)
    {
        lock (_threads)
        {
            var held = 0;
            for (var index = _threads.Count - 1; index >= 0; index--)
            {
                var thread = _threads[index];
                if (!thread.IsAlive) _threads.RemoveAt(index);
                else if (thread.IsWaiting(collections, memory)) held++;
            }
            return held;
        }
    }
}

/// <summary>A thread of the pool, as far as it runs the application's code for a connection.</summary>
internal sealed class PoolThread(PoolRuns runs)
{
    /// <summary>Looks that pass over a thread that has been found computing: each costs some system calls.</summary>
    private const int LooksBetween = 8;

    [ThreadStatic]
    private static PoolThread? _current;

    private readonly Thread _thread = Thread.CurrentThread;
    private readonly ThreadLook _look = ThreadLook.AtCurrent();

    // A number for each run, odd while it lasts, as LoopOwnership's word: who finds it unchanged has looked at that run and no other.
    private long _word;
    private ConnectionDispatch? _accused;
    private int _route;

    // The monitor's.
    private Suspicion _suspicion;
    private long _waits;
    private int _unseen;

    internal static PoolThread? Current
    {
        get => _current;
        set => _current = value;
    }

    internal PoolRuns Runs => runs;

    internal bool IsOurs => _thread == Thread.CurrentThread;

    internal bool IsAlive => _thread.IsAlive;

    /// <summary>Whether something runs that has not been found to wait.</summary>
    internal bool IsOfInterest => Volatile.Read(ref _word) is var word && LoopOwnership.IsInCallback(word) && word != Volatile.Read(ref _waits);

    /// <remarks>With a full fence: the monitor goes to sleep in the order of <see cref="EpollLoop"/>'s BecomeBusy.</remarks>
    internal void Enter(ConnectionDispatch? accused, int route)
    {
        (_accused, _route) = (accused, route);
        Interlocked.Exchange(ref _word, (_word | 1) + 2);
    }

    /// <summary>After it; where one run is called within another, the outer one is not looked at any more.</summary>
    /// <returns>True if it has been held against its route or connection already that it waits.</returns>
    internal bool Leave()
    {
        var isJudged = Volatile.Read(ref _waits) == _word;
        Volatile.Write(ref _word, (_word | 1) + 1);
        return isJudged;
    }

    /// <returns>Whether the run that is under way has been found to wait, now or before.</returns>
    internal bool IsWaiting(int collections, BlockingMemory memory)
    {
        var word = Volatile.Read(ref _word);
        if (!LoopOwnership.IsInCallback(word)) return false;
        if (word == _waits) return true;
        var (accused, route) = (_accused, _route);
        if (_unseen > 0)
        {
            _unseen--;
            return false;
        }
        if (!_suspicion.IsSame(word, collections) || _suspicion.Conclude(_look.Doing(), _look.Processor()) is not { } place) return false;
        if (place != Place.Spare)
        {
            // Anew, later: it may compute for a long time, and be asleep for a moment now and then.
            (_suspicion, _unseen) = (default, LooksBetween);
            return false;
        }
        // What has been seen meanwhile was another run, or a thread with nothing to do.
        if (Volatile.Read(ref _word) != word) return false;
        Volatile.Write(ref _waits, word);
        if (accused is not null) accused.HasBlocked(route, Place.Spare);
        else memory.Observe(route, Place.Spare);
        return true;
    }
}
