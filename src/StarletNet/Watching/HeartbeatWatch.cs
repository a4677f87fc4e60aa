using StarletNet.Master.Pool;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Watching;

/// <summary>
/// Judges from the signs of life on the scoreboard which workers are stuck. Looks are counted, not seconds: after a pause of the master
/// itself (stopped and continued, frozen with its container) one look comes late, and every worker has beaten by the next.
/// </summary>
internal sealed class HeartbeatWatch
{
    /// <summary>So many looks make up <c>--worker-timeout</c>.</summary>
    internal const int LooksToTimeout = 4;

    private sealed record Pulse(int Beats, int Silent, int PoolBeats, int PoolSilent, bool IsStuck);

    private readonly Dictionary<int, Pulse> _pulses = [];

    /// <summary>One look at one worker.</summary>
    /// <param name="id">The pool's name for it.</param>
    /// <param name="figures">What it says of itself; null: it has no place to say it, and cannot be judged.</param>
    /// <returns>What the pool is to hear, and whether its thread pool has just been silent for the whole timeout.</returns>
    internal (PoolEvent? Event, bool PoolIsStarved) Look(int id, WorkerFigures? figures)
    {
        if (figures is not { } now || now.Phase < Shared.Contract.WorkerPhase.Ready) return default;
        if (!_pulses.TryGetValue(id, out var before))
        {
            _pulses[id] = new Pulse(now.Beats, 0, now.PoolBeats, 0, IsStuck: false);
            return default;
        }
        // Who debugs it has stopped it on purpose, perhaps.
        var silent = now.IsDebugged || now.Beats != before.Beats ? 0 : before.Silent + 1;
        // A worker whose own thread is silent does not feed its pool: one fault, one verdict.
        var poolSilent = now.IsDebugged || silent > 0 || now.PoolBeats != before.PoolBeats ? 0 : before.PoolSilent + 1;
        // Requests that block all threads may be no fault; that goes on for twice the time is one.
        var isStuck = silent >= LooksToTimeout || poolSilent >= 2 * LooksToTimeout;
        _pulses[id] = new Pulse(now.Beats, silent, now.PoolBeats, poolSilent, isStuck);
        PoolEvent? happened = isStuck ? new PoolEvent.RetireAsked(id, RetireReason.Stuck) : before.IsStuck ? new PoolEvent.WorkerRecovered(id) : null;
        return (happened, poolSilent == LooksToTimeout);
    }

    internal void Forget(int id) => _pulses.Remove(id);
}

/// <summary>The key of the timer for the next look at all workers.</summary>
internal sealed record HeartbeatLook;
