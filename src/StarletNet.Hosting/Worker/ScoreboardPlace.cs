using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Worker;

/// <summary>This worker's own place on the scoreboard, and where it counts: one word each, written by whichever thread it happens on.</summary>
internal sealed class ScoreboardPlace(Scoreboard scoreboard, int place)
{
    internal void Phase(WorkerPhase phase) => scoreboard.SetPhase(place, Environment.ProcessId, phase);

    internal void RequestBegan() => Interlocked.Increment(ref scoreboard.InFlight(place));

    internal void RequestEnded()
    {
        Interlocked.Decrement(ref scoreboard.InFlight(place));
        Interlocked.Increment(ref scoreboard.Requests(place));
    }

    internal void Connections(int count) => Volatile.Write(ref scoreboard.Connections(place), count);
}
