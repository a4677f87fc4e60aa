using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Takes continuations away from the thread that produced them, to the thread pool: what a pipe schedules while the transport
/// reads (the application waiting for input) is recorded here and never run inside the read.
/// </summary>
internal sealed class PoolDispatch : PipeScheduler, IThreadPoolWorkItem
{
    /// <summary>
    /// Continuations run before the thread goes back to the pool. The pool decides by what comes back how many threads it runs: with 64 in a row it
    /// ran 43 threads instead of 26, and the 99th percentile of a real page was twice as long (docs/performance.md).
    /// </summary>
    private const int MostInARow = 4;

    // One queue of our own, and one work item for many entries: queueing each to the pool from outside of it wakes a thread
    // for each, which costs as much as a small request.
    private readonly ConcurrentQueue<Scheduled> _recorded = new();
    private int _isRequested;

    // Entries that the pool has run (a lost count is no matter: it is asked whether there was any), and what the monitor has seen of that.
    private long _taken;
    private long _takenBefore = -1;

    public override void Schedule(Action<object?> action, object? state) => Schedule(new Scheduled(action, state, null));

    internal void Schedule(in Scheduled work)
    {
        _recorded.Enqueue(work);
        RequestThread();
    }

    /// <summary>
    /// Whenever something is recorded, a thread is on its way. A continuation may block, so the thread that is about to run
    /// one sends for another first if more are waiting; that one does the same.
    /// </summary>
    private void RequestThread()
    {
        if (Interlocked.Exchange(ref _isRequested, 1) == 0)
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Once per look of the monitor while the pool's threads are held: if none of them has taken anything since the last, what waits is given to somebody else, until he refuses.</summary>
    internal void Relieve(Func<Scheduled, bool> take)
    {
        var taken = Volatile.Read(ref _taken);
        if (taken != _takenBefore)
        {
            _takenBefore = taken;
            return;
        }
        for (var most = _recorded.Count; most > 0 && _recorded.TryDequeue(out var next); most--)
        {
            if (take(next)) continue;
            Schedule(next);
            return;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        // Before the first look into the queue: what is recorded after that look sends for a thread of its own.
        Interlocked.Exchange(ref _isRequested, 0);
        for (var run = 0; run < MostInARow && _recorded.TryDequeue(out var next); run++)
        {
            if (!_recorded.IsEmpty) RequestThread();
            _taken++;
            next.RunObserved();
        }
        if (!_recorded.IsEmpty) RequestThread();
    }
}

/// <summary>The places away from a loop.</summary>
internal sealed class ElsewhereDispatch(LoopThreads threads, PoolDispatch pool, PoolRuns runs)
{
    /// <summary>For <c>await new Elsewhere(…)</c>.</summary>
    internal PipeScheduler Spare => _spare ??= new SpareScheduler(this);

    internal PipeScheduler Pool => pool;

    internal PoolRuns Runs => runs;

    private SpareScheduler? _spare;

    /// <summary>When all spare threads wait already, the pool does what it can: no worse than without us.</summary>
    internal void Schedule(in Scheduled work, Place place)
    {
        if (place == Place.Spare && threads.TryPost(work)) return;
        pool.Schedule(work);
    }

    /// <summary>By the monitor: what waits behind runs that wait themselves, and would wait for all of them, goes to spare threads.</summary>
    /// <param name="collections">By the garbage collector, so far.</param>
    /// <returns>Whether such runs hold as many threads as the pool has of its own accord. Fewer leave it some to go on with.</returns>
    internal bool LookAtPool(int collections)
    {
        var held = runs.Look(collections);
        if (held == 0) return false;
        System.Threading.ThreadPool.GetMinThreads(out var least, out _);
        if (held < least) return false;
        pool.Relieve(work => threads.TryPost(work));
        return true;
    }

    private sealed class SpareScheduler(ElsewhereDispatch elsewhere) : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state) =>
            elsewhere.Schedule(new Scheduled(action, state, null), Place.Spare);
    }
}

/// <summary><c>await new Elsewhere(scheduler)</c>: the rest runs where the scheduler puts it.</summary>
internal readonly struct Elsewhere(PipeScheduler scheduler) : ICriticalNotifyCompletion
{
    private static readonly Action<object?> Run = static continuation => ((Action)continuation!)();

    public bool IsCompleted => false;

    public Elsewhere GetAwaiter() => this;

    public void GetResult()
    {
        // Nothing to consume.
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation) => scheduler.Schedule(Run, continuation);
}
