using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Worker;

/// <summary>This worker's own place on the scoreboard, and where it counts: one word each, written by whichever thread it happens on.</summary>
internal sealed class ScoreboardPlace(Scoreboard scoreboard, int place)
{
    /// <summary>All of it, for whoever shows it.</summary>
    internal Scoreboard All => scoreboard;

    private long _limit = -1;
    private Action? _limitReached;

    internal void Phase(WorkerPhase phase) => scoreboard.SetPhase(place, Environment.ProcessId, phase);

    /// <param name="at"><see cref="Environment.TickCount64"/>.</param>
    internal void RequestBegan(long at)
    {
        Interlocked.Increment(ref scoreboard.InFlight(place));
        scoreboard.LastRequestAt(place) = at;
    }

    /// <summary>Answered with an error: rare enough to be counted exactly.</summary>
    internal void CountError(int status)
    {
        if (status >= 500) Interlocked.Increment(ref scoreboard.ServerErrors(place));
        else Interlocked.Increment(ref scoreboard.ClientErrors(place));
    }

    /// <summary>From now on, all that are thrown in this process.</summary>
    internal void CountExceptions() =>
        AppDomain.CurrentDomain.FirstChanceException += (_, _) => Interlocked.Increment(ref scoreboard.Exceptions(place));

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

    internal void Vitals(in Vitals now) => scoreboard.SetVitals(place, now);

    internal void PoolBeat() => Interlocked.Increment(ref scoreboard.PoolBeats(place));

    internal void Connections(int count) => Volatile.Write(ref scoreboard.Connections(place), count);
}
