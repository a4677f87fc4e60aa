using System.Diagnostics;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Worker;

/// <summary>
/// Two signs of life, for two ways to die: one given by the worker's own thread (the process runs, no collection of garbage hangs), one
/// by an item of the thread pool (requests get threads). With the first go the figures that would cost too much per request. To be asked often;
/// acts when its time has come.
/// </summary>
internal sealed class Heartbeat(ScoreboardPlace scoreboard, TimeSpan interval, Func<TrafficFigures> measure)
{
    private readonly long _interval = (long)interval.TotalMilliseconds;
    private long _next;
    private int _poolItemWaits;

    /// <summary>How long the worker's thread may sleep, in milliseconds; -1: for ever.</summary>
    internal int Wait(long now) => _interval == 0 ? -1 : (int)Math.Clamp(_next - now, 0, int.MaxValue);

    internal void Look(long now)
    {
        if (_interval == 0 || now < _next) return;
        _next = now + _interval;
        var traffic = measure();
        scoreboard.Vitals(new Vitals(now, ThreadPool.ThreadCount, ThreadPool.PendingWorkItemCount, GC.GetTotalMemory(forceFullCollection: false),
            traffic.BytesIn, traffic.BytesOut, traffic.TakeOvers, traffic.Longest, traffic.LongestSince));
        scoreboard.Beat(Debugger.IsAttached);
        // One at a time: a starved pool must not also be flooded.
        if (Interlocked.Exchange(ref _poolItemWaits, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(static beat => beat.FromPool(), this, preferLocal: false);
    }

    private void FromPool()
    {
        scoreboard.PoolBeat();
        Volatile.Write(ref _poolItemWaits, 0);
    }
}
