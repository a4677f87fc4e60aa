using System.Globalization;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// The worker's own threads, as many as are needed and no more than allowed. One for each loop, and one more in reserve that
/// can take a loop over; the others run application code that has been found to block. Those that are not needed for a while
/// end.
/// </summary>
/// <param name="most">Including those that run the loops.</param>
/// <param name="loops">How many loops there are, and so how many spares are kept in reserve for take-overs.</param>
internal sealed class LoopThreads(int most, int loops)
{
    private const int IdleMilliseconds = 10_000;

    private readonly object _gate = new();
    // The last one to come is the first to go: it is still warm, and those below it can end.
    private readonly List<LoopThread> _idle = [];
    private readonly Queue<Scheduled> _waiting = new();
    private int _count;
    private int _started;
    private int _busy;
    private int _engaged;
    // Started for what waits, and not yet there: on a busy machine that takes a while.
    private int _coming;

    /// <summary>Threads alive.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Told that a thread is to be started, by somebody who cannot wait for that; answers with <see cref="Replenish"/>.</summary>
    internal Action? NeedsThread { get; set; }

    /// <summary>
    /// Whether a loop could be taken over now. While it could not, nothing that may block should run on a loop.
    /// </summary>
    internal bool CanTakeOver => Available > 0;

    /// <summary>Threads that have nothing to do, and those that may still be started.</summary>
    private int Available => most - Volatile.Read(ref _engaged);

    /// <summary>Gives a loop to a spare thread or a new one, provided that <paramref name="take"/> succeeds once there is one.</summary>
    /// <returns>False if there is no thread left, or it did not succeed.</returns>
    internal bool TryGive(EpollLoop loop, Func<bool> take)
    {
        if (TakeSpare() is not { } spare) return false;
        var taken = take();
        if (taken) spare.Assign(loop);
        else spare.AssignNothing();
        return taken;
    }

    /// <summary>Runs application code on a spare thread; never waits.</summary>
    /// <returns>False if all threads have their work, or are kept for take-overs.</returns>
    internal bool TryPost(in Scheduled work)
    {
        LoopThread spare;
        lock (_gate)
        {
            if (Available <= loops) return false;
            if (_idle.Count <= loops)
            {
                _waiting.Enqueue(work);
                CountEngaged();
                spare = null!;
            }
            else
            {
                spare = PopIdle();
            }
        }
        if (spare is null) NeedsThread?.Invoke();
        else spare.Assign(work);
        return true;
    }

    /// <summary>Starts a thread if work waits for one, or the reserve is not complete. Takes its time.</summary>
    internal void Replenish()
    {
        lock (_gate)
        {
            if (_count == most || _waiting.Count + Math.Max(0, loops - _idle.Count) <= _coming) return;
            _count++;
            _coming++;
        }
        if (Start(new LoopThread { IsComing = true }) is { } thread) thread.AssignNothing();
    }

    private LoopThread? TakeSpare()
    {
        LoopThread thread;
        lock (_gate)
        {
            if (_idle.Count > 0) return PopIdle();
            if (_count == most) return null;
            _count++;
            thread = new LoopThread();
            SetBusy(thread, true);
        }
        return Start(thread);
    }

    private LoopThread PopIdle()
    {
        var last = _idle.Count - 1;
        var spare = _idle[last];
        _idle.RemoveAt(last);
        SetBusy(spare, true);
        return spare;
    }

    private void SetBusy(LoopThread thread, bool isBusy)
    {
        if (thread.IsBusy != isBusy) _busy += isBusy ? 1 : -1;
        thread.IsBusy = isBusy;
        CountEngaged();
    }

    // Together with what it has come for, or with its place among the idle ones: in between it would be missed, and another one started.
    private void HasCome(LoopThread thread)
    {
        if (thread.IsComing) _coming--;
        thread.IsComing = false;
    }

    private void CountEngaged() => Volatile.Write(ref _engaged, _busy + _waiting.Count);

    /// <returns>A thread that waits for its assignment; null if the system has none to give.</returns>
    private LoopThread? Start(LoopThread thread)
    {
        var number = Interlocked.Increment(ref _started);
        try
        {
            new Thread(() => Run(thread)) { IsBackground = true, Name = string.Create(CultureInfo.InvariantCulture, $"starletnet {number}") }.UnsafeStart();
            return thread;
        }
        catch (OutOfMemoryException)
        {
            // How .NET reports that the limit of threads (or of anything else a thread needs) is reached.
            lock (_gate)
            {
                _count--;
                HasCome(thread);
                SetBusy(thread, false);
            }
            return null;
        }
    }

    private void Run(LoopThread me)
    {
        me.BecomeCurrent();
        me.WaitForAssignment(Timeout.Infinite);
        do
        {
            if (me.TakeAssignment(out var work) is { } loop) loop.Run(me);
            else if (work.Action is not null) RunWork(me, work);
            while (TryTakeWaiting(me, out work)) RunWork(me, work);
        }
        while (AwaitAssignment(me));
    }

    private static void RunWork(LoopThread me, in Scheduled work)
    {
        work.RunObserved();
        me.Clean();
    }

    /// <summary>The thread that is about to run something that may block sees to it that others do not wait for it.</summary>
    private bool TryTakeWaiting(LoopThread me, out Scheduled work)
    {
        bool more;
        lock (_gate)
        {
            var took = _waiting.TryDequeue(out work);
            SetBusy(me, took);
            if (!took) return false;
            HasCome(me);
            more = _waiting.Count > 0;
        }
        if (more) Replenish();
        return true;
    }

    /// <returns>False if the thread has not been needed for long and is to end.</returns>
    private bool AwaitAssignment(LoopThread me)
    {
        lock (_gate)
        {
            if (_waiting.Count > 0)
            {
                me.AssignNothing();
                return true;
            }
            HasCome(me);
            _idle.Add(me);
        }
        if (me.WaitForAssignment(IdleMilliseconds)) return true;
        lock (_gate)
        {
            // Not if it belongs to the reserve, or is being given something at this moment.
            if (_idle.Count > loops && _idle.Remove(me))
            {
                _count--;
                return false;
            }
        }
        return me.WaitForAssignment(Timeout.Infinite);
    }
}
