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

    /// <summary>Where the system has no thread to give, it is asked again so much later.</summary>
    private const int RefusedMilliseconds = 100;

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
    // When the system had no thread for us, by Environment.TickCount64; 0: it has had one since.
    private long _refusedAt;
    private bool _isClosed;

    // The threads that have begun something last, those that are most likely to compute now; and when the last of it was begun.
    private readonly LoopThread?[] _latest = new LoopThread?[2 * Environment.ProcessorCount];
    private int _begun;
    private long _begunAt;

    // When the processors were last found busy with it, by Environment.TickCount64.
    private long _crowdedAt;

    /// <summary>Threads alive.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Whether there are loops that may have to be taken over, for which threads are started before they are needed.</summary>
    internal bool KeepsReserve { get; init; } = true;

    /// <summary>Told that a thread is to be started, by somebody who cannot wait for that; answers with <see cref="Replenish"/>.</summary>
    internal Action? NeedsThread { get; set; }

    /// <summary>Given what waits when the system has no thread for it.</summary>
    internal Action<Scheduled>? Refused { get; set; }

    /// <summary>
    /// Whether work may wait while as many threads as there are processors compute: one thread more would not run it any sooner. Hundreds of clients that
    /// take or send their bytes slowly come back in bursts, each with a little to do; a thread for each took a worker to the most threads that it may have, and each burst
    /// found all of them something to do, so that none ever ended. Only where <see cref="Replenish"/> is called again and again: a thread that computes now may block in a moment.
    /// </summary>
    internal bool WaitsForProcessors { get; init; }

    /// <summary>Whether a thread computes, or is about to.</summary>
    internal Func<LoopThread, bool> Computes { get; init; } = static thread => thread.Look.Doing() == Occupation.Ready;

    /// <summary>
    /// Milliseconds. What computes for longer may wait for what waits, without sleeping (a spin lock), and would never end without one more thread.
    /// </summary>
    internal int Patience { get; init; } = 100;

    /// <summary>Whether something waits for a thread, which the monitor must not sleep over.</summary>
    internal bool AreWaitedFor
    {
        get
        {
            lock (_gate) return _waiting.Count > 0;
        }
    }

    /// <summary>How a thread is started.</summary>
    internal Action<Thread> Starter { get; init; } = static thread => thread.UnsafeStart();

    /// <summary>
    /// Whether each of the loops could be taken over now: all of them may be about to run something that blocks. While they could not, nothing
    /// that may block should run on a loop. Threads that the system may refuse do not count once it has.
    /// </summary>
    internal bool CanTakeOver => Available >= loops && (Volatile.Read(ref _refusedAt) == 0 || _idle.Count >= loops);

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
            if (_isClosed || Available <= loops) return false;
            if (_idle.Count <= loops)
            {
                _waiting.Enqueue(work);
                CountEngaged();
                spare = null!;
            }
            else
            {
                spare = PopIdle();
                Begins(spare);
            }
        }
        if (spare is null) NeedsThread?.Invoke();
        else spare.Assign(work);
        return true;
    }

    /// <summary>Starts a thread if work waits for one, or the reserve is not complete. Takes its time.</summary>
    internal void Replenish()
    {
        bool isHopeless;
        var isCrowded = WaitsForProcessors && AreWaitedFor && IsCrowded();
        lock (_gate)
        {
            var wanted = (isCrowded ? 0 : _waiting.Count) + (KeepsReserve ? Math.Max(0, loops - _idle.Count) : 0);
            if (_count == most || wanted <= _coming) return;
            isHopeless = _refusedAt != 0 && Environment.TickCount64 - _refusedAt < RefusedMilliseconds;
            if (!isHopeless)
            {
                _count++;
                _coming++;
            }
        }
        if (!isHopeless && Start(new LoopThread { IsComing = true, IsForReserve = isCrowded }) is { } thread) thread.AssignNothing();
        else RefuseWaiting();
    }

    /// <summary>Whether the processors have enough to do with what has been begun. Without the lock: it costs some system calls, but once per millisecond at most.</summary>
    private bool IsCrowded()
    {
        var now = Environment.TickCount64;
        if (now == Volatile.Read(ref _crowdedAt)) return true;
        if (now - Volatile.Read(ref _begunAt) >= Patience) return false;
        var computing = 0;
        for (var index = 0; index < _latest.Length; index++)
        {
            // One that is there twice is counted once. A look at a thread that has just ended its work is as good as one a moment earlier.
            if (Volatile.Read(ref _latest[index]) is not { IsBusy: true, Loop: null } thread || Array.IndexOf(_latest, thread) != index) continue;
            if (Computes(thread)) computing++;
        }
        if (computing < Environment.ProcessorCount) return false;
        Volatile.Write(ref _crowdedAt, now);
        return true;
    }

    // Under the lock.
    private void Begins(LoopThread thread)
    {
        Volatile.Write(ref _latest[_begun++ % _latest.Length], thread);
        if (_begun == int.MaxValue) _begun = 0;
        Volatile.Write(ref _begunAt, Environment.TickCount64);
    }

    /// <summary>From now on nothing can be posted, and threads end as soon as they have nothing to do. For when the loops have ended.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (var thread in _idle) thread.AssignNothing();
        }
        RefuseWaiting();
    }

    // It could wait for a thread that may never come, while nothing else goes on that would wake anybody.
    private void RefuseWaiting()
    {
        while (true)
        {
            Scheduled work;
            lock (_gate)
            {
                if (Refused is null || !_waiting.TryDequeue(out work)) return;
                CountEngaged();
            }
            Refused(work);
        }
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
            Starter(new Thread(() => Run(thread)) { IsBackground = true, Name = string.Create(CultureInfo.InvariantCulture, $"starletnet {number}") });
            Volatile.Write(ref _refusedAt, 0);
            return thread;
        }
        catch (OutOfMemoryException)
        {
            // How .NET reports that the limit of threads (or of anything else a thread needs) is reached.
            Volatile.Write(ref _refusedAt, Environment.TickCount64);
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
            // Else the reserve would never be complete while something waits, and each thread that is started for it would run that.
            else if (me.IsForReserve) continue;
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
            Begins(me);
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
            if (_waiting.Count > 0 && !me.IsForReserve)
            {
                me.AssignNothing();
                return true;
            }
            me.IsForReserve = false;
            HasCome(me);
            if (_isClosed) return Ends(me);
            _idle.Add(me);
        }
        if (me.WaitForAssignment(IdleMilliseconds)) return true;
        lock (_gate)
        {
            // Not if it belongs to the reserve, or is being given something at this moment.
            if (_idle.Count > loops && _idle.Contains(me)) return Ends(me);
        }
        return me.WaitForAssignment(Timeout.Infinite);
    }

    private bool Ends(LoopThread me)
    {
        _idle.Remove(me);
        _count--;
        // The array would keep it and what its last work has left.
        for (var index = 0; index < _latest.Length; index++)
            if (_latest[index] == me) _latest[index] = null;
        return false;
    }
}
