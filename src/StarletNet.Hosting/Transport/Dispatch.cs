using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Takes continuations away from the thread that produced them: what a pipe schedules while the transport reads (the
/// application waiting for input) is recorded here and never run inside the read. Here the recorded ones go to the thread
/// pool; a loop that runs them itself would run them after the read has been left completely, because a handler that reads
/// its body synchronously inside the read would wait for itself.
/// </summary>
internal sealed class PoolDispatch : PipeScheduler, IThreadPoolWorkItem
{
    /// <summary>Continuations run before the thread goes back to the pool, for the sake of the pool's other work.</summary>
    private const int MostInARow = 64;

    // One queue of our own, and one work item for many entries: queueing each to the pool from outside of it wakes a thread
    // for each, which costs as much as a small request.
    private readonly ConcurrentQueue<(Action<object?> Action, object? State)> _recorded = new();
    private int _isRequested;

    public override void Schedule(Action<object?> action, object? state)
    {
        _recorded.Enqueue((action, state));
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

    void IThreadPoolWorkItem.Execute()
    {
        // Before the first look into the queue: what is recorded after that look sends for a thread of its own.
        Interlocked.Exchange(ref _isRequested, 0);
        for (var run = 0; run < MostInARow && _recorded.TryDequeue(out var next); run++)
        {
            if (!_recorded.IsEmpty) RequestThread();
            next.Action(next.State);
        }
        if (!_recorded.IsEmpty) RequestThread();
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
