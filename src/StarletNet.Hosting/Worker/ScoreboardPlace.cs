using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Worker;

/// <summary>This worker's own place on the scoreboard, and where it counts: one word each, written by whichever thread it happens on.</summary>
internal sealed class ScoreboardPlace(Scoreboard scoreboard, int place)
{
    private long _limit = -1;
    private Action? _limitReached;

    internal void Phase(WorkerPhase phase) => scoreboard.SetPhase(place, Environment.ProcessId, phase);

    internal void RequestBegan() => Interlocked.Increment(ref scoreboard.InFlight(place));

    internal void RequestEnded()
    {
        Interlocked.Decrement(ref scoreboard.InFlight(place));
        // One of them is the last, on whichever thread it ends.
        if (Interlocked.Increment(ref scoreboard.Requests(place)) == _limit) _limitReached!();
    }

    /// <summary>To be called before the first request: <paramref name="reached"/> follows the <paramref name="limit"/>th.</summary>
    internal void LimitRequests(long limit, Action reached) => (_limitReached, _limit) = (reached, limit);

    internal void Beat(bool isDebugged)
    {
        Volatile.Write(ref scoreboard.Debugged(place), isDebugged ? 1 : 0);
        Interlocked.Increment(ref scoreboard.Beats(place));
    }

    internal void PoolBeat() => Interlocked.Increment(ref scoreboard.PoolBeats(place));

    internal void Connections(int count) => Volatile.Write(ref scoreboard.Connections(place), count);
}
