using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Worker;

/// <summary>This worker's own place on the scoreboard, and where it counts: one word each, written by whichever thread it happens on.</summary>
internal sealed class ScoreboardPlace(Scoreboard scoreboard, int place)
{
    /// <summary>Whose connections are compared with ours: of many workers some are enough, and this is asked at each accept.</summary>
    private const int MostSiblings = 16;

    /// <summary>All of it, for whoever shows it.</summary>
    internal Scoreboard All => scoreboard;

    /// <summary>
    /// The service is to stop, or stops. The master says so in the last place, which is its own; a worker without a master has only one,
    /// and says so itself.
    /// </summary>
    internal bool ServiceStops => scoreboard.PhaseOf(scoreboard.Places - 1) == WorkerPhase.Draining;

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

    /// <summary>Waits until no other worker of this master is between this call and the end of what it returns.</summary>
    internal Turn WaitForTurn() => new(scoreboard.Memory.Number);

    /// <summary>Given back by Dispose, or by the end of the process.</summary>
    internal readonly struct Turn : IDisposable
    {
        private readonly int _fd;

        internal Turn(int fd)
        {
            _fd = fd;
            // Any other error leaves us without a turn: the workers then do side by side what they should do one by one.
            while (LibC.lockf(fd, LibC.F_LOCK, 1) < 0 && Errno.Last == Errno.EINTR)
            {
            }
        }

        public void Dispose() => _ = LibC.lockf(_fd, LibC.F_ULOCK, 1);
    }

    /// <summary>
    /// Whether we have as many requests as we should and a sibling, that accepts beside us, has not: there is always somebody who accepts.
    /// </summary>
    /// <param name="limit">So many; the same for all.</param>
    /// <param name="isFull">Whether it was so: then until we have a tenth less, so that we do not change our minds with each request.</param>
    internal bool IsFull(int limit, bool isFull) =>
        Volatile.Read(ref scoreboard.InFlight(place)) >= (isFull ? limit - limit / 10 : limit) && HasSiblingBelow(limit);

    private bool HasSiblingBelow(int limit)
    {
        for (var other = 0; other < scoreboard.PlacesInUse; other++)
        {
            if (other != place && scoreboard.PhaseOf(other) == WorkerPhase.Ready && Volatile.Read(ref scoreboard.InFlight(other)) < limit) return true;
        }
        return false;
    }

    /// <summary>Connections of the worker that has the fewest, among those that accept beside us; <see cref="int.MaxValue"/> without any.</summary>
    /// <param name="limit">Who has so many requests takes no connection, unless all have; 0: there is no such limit.</param>
    internal int FewestOfSiblings(int limit)
    {
        var fewest = int.MaxValue;
        var most = limit > 0 && Volatile.Read(ref scoreboard.InFlight(place)) < limit ? limit : int.MaxValue;
        for (var other = 0; other < Math.Min(MostSiblings, scoreboard.PlacesInUse); other++)
        {
            if (other != place && scoreboard.PhaseOf(other) == WorkerPhase.Ready && Volatile.Read(ref scoreboard.InFlight(other)) < most)
                fewest = Math.Min(fewest, Volatile.Read(ref scoreboard.Connections(other)));
        }
        return fewest;
    }
}
