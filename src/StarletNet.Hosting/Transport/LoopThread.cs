using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>One of the worker's own threads: it runs a loop, or application code that would block one, or it waits for either.</summary>
internal sealed class LoopThread
{
    [ThreadStatic]
    private static LoopThread? _current;

    /// <summary>The calling thread, if it is one of ours.</summary>
    internal static LoopThread? Current => _current;

    /// <summary>Whether application code that runs now runs on a loop's own thread.</summary>
    internal static bool IsInline => _current is { Loop: not null };

    /// <summary>The loop it runs, or believes to run: only leaving a callback tells that it has been taken.</summary>
    internal EpollLoop? Loop { get; set; }

    /// <summary>Whether it has been given something to run; belongs to <see cref="LoopThreads"/>.</summary>
    internal bool IsBusy { get; set; }

    /// <summary>Whether it has been started for what waits and has not looked for it yet; belongs to <see cref="LoopThreads"/>.</summary>
    internal bool IsComing { get; set; }

    /// <summary>Whether it has been started for the reserve alone, and takes nothing that waits; belongs to <see cref="LoopThreads"/>.</summary>
    internal bool IsForReserve { get; set; }

    /// <summary>
    /// The loop whose transport code this thread runs at this moment; null during callbacks. What is scheduled meanwhile goes to
    /// that loop's run queue.
    /// </summary>
    internal EpollLoop? Collecting { get; set; }

    /// <summary>Flushes of the callback that runs now that were sent before they had to wait.</summary>
    internal int Hastened { get; set; }

    /// <summary>During a callback on a loop: which one, in the words of <see cref="LoopOwnership.Enter"/>.</summary>
    internal long Inside { get; set; }

    private static readonly object LookAgain = new();

    private readonly object _assigned = new();
    private object? _assignment;
    private Scheduled _work;

    // A fresh thread has the clean one.
    private ExecutionContext? _clean;

    private ThreadLook? _look;

    /// <summary>What the kernel says of it, to others.</summary>
    internal ThreadLook Look => _look!;

    internal void BecomeCurrent()
    {
        _current = this;
        _look = ThreadLook.AtCurrent();
        _clean = ExecutionContext.Capture();
        LetOthersFinish();
    }

    /// <summary>
    /// SCHED_BATCH: whoever runs on the processor when an event wakes this thread is not interrupted for it. A client on the same machine, or a sibling, then says all
    /// that it has to say first, and there is more to do at once: a quarter more requests/s with two workers and a client on two
    /// processors (docs/performance.md). An idle processor takes the thread at once as ever, and its share of a busy one stays the same.
    /// </summary>
    /// <remarks>Only instead of the usual policy: any other is somebody's choice. Where it is refused (seccomp), all goes on as it was.</remarks>
    private static unsafe void LetOthersFinish()
    {
        var priority = 0;
        if (LibC.sched_getscheduler(0) == LibC.SCHED_OTHER) _ = LibC.sched_setscheduler(0, LibC.SCHED_BATCH, &priority);
    }

    /// <summary>Removes what application code may leave on a thread, and the next request must not find there; as the thread pool does.</summary>
    internal void Clean()
    {
        if (!ReferenceEquals(ExecutionContext.Capture(), _clean)) ExecutionContext.Restore(_clean!);
        if (SynchronizationContext.Current is not null) SynchronizationContext.SetSynchronizationContext(null);
    }

    internal void Assign(EpollLoop loop) => Assign(loop, default);

    internal void Assign(in Scheduled work) => Assign(LookAgain, work);

    /// <summary>Woken for nothing: it looks for work of its own and waits again.</summary>
    internal void AssignNothing() => Assign(LookAgain, default);

    private void Assign(object what, in Scheduled work)
    {
        lock (_assigned)
        {
            _assignment = what;
            _work = work;
            Monitor.Pulse(_assigned);
        }
    }

    /// <returns>False if nothing came in time.</returns>
    internal bool WaitForAssignment(int milliseconds)
    {
        lock (_assigned)
        {
            if (_assignment is null) Monitor.Wait(_assigned, milliseconds);
            return _assignment is not null;
        }
    }

    /// <returns>A loop to run, or null and perhaps work.</returns>
    internal EpollLoop? TakeAssignment(out Scheduled work)
    {
        lock (_assigned)
        {
            var what = _assignment;
            work = _work;
            (_assignment, _work) = (null, default);
            return what as EpollLoop;
        }
    }
}
