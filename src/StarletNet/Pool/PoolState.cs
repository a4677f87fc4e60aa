using System.Collections.Immutable;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Pool;

internal enum WorkerPhase
{
    /// <summary>Spawned; has not said that it is ready.</summary>
    Starting,

    /// <summary>Accepts connections.</summary>
    Ready,

    /// <summary>Accepts nothing any more, or was told not to; its exit is expected.</summary>
    Draining,
}

/// <summary>One worker process, from its start until it has been reaped.</summary>
/// <param name="Id">Never reused, unlike pid and slot.</param>
/// <param name="Slot">The place it fills; during a restart the old and the new one share it for a moment.</param>
/// <param name="Generation">Which restart it belongs to; 1 for the first set.</param>
/// <param name="StartedAt">On the master's clock.</param>
internal sealed record Worker(int Id, int Slot, int Generation, TimeSpan StartedAt)
{
    internal WorkerPhase Phase { get; init; } = WorkerPhase.Starting;

    internal TimeSpan? ReadyAt { get; init; }

    /// <summary>Why it leaves, or is to leave once another serves in its place; null: it may stay.</summary>
    internal RetireReason? Leaves { get; init; }

    /// <summary>Why it was to leave before it was found stuck: it says so only once.</summary>
    internal RetireReason? LeavesOtherwise { get; init; }

    internal TimeSpan? DrainingSince { get; init; }

    /// <summary>How long its upgraded connections may stay; zero unless it was told to drain and they may.</summary>
    internal TimeSpan Stay { get; init; }

    /// <summary>How many stay, once nothing else is left; null before.</summary>
    internal int? Lingering { get; init; }

    /// <summary>Why it cannot serve: in its own words, or because its time to start ran out.</summary>
    internal string? Failure { get; init; }

    /// <summary>What it has last said that it waits for before it is ready.</summary>
    internal string? Unready { get; init; }
}

/// <summary>Failures in a row, and until when the next start waits for their sake.</summary>
internal readonly record struct Backoff(int Failures, TimeSpan LastFailureAt, TimeSpan NotBefore);

/// <summary>The workers and the places they fill. A slot is served by the one worker in it that is ready.</summary>
internal sealed record WorkerSet
{
    /// <summary>Every process that has not been reaped, oldest first.</summary>
    internal ImmutableArray<Worker> Workers { get; init; } = [];

    /// <summary>
    /// For each slot the generation that last served it: what a crashed worker is replaced with. A slot that was never
    /// served holds the generation that it is to begin with.
    /// </summary>
    internal ImmutableArray<int> Slots { get; init; } = [];

    internal int NextId { get; init; } = 1;

    /// <summary>The supervisor has been told that we are ready.</summary>
    internal bool Announced { get; init; }

    /// <summary>For workers that fill an empty slot; a restart that fails has its own.</summary>
    internal Backoff Backoff { get; init; }

    /// <summary>The last start, or step of a restart, that the spawn interval counts from.</summary>
    internal TimeSpan? PacedAt { get; init; }

    internal int Target => Slots.Length;

    internal Worker? Find(int id) => Workers.FirstOrDefault(worker => worker.Id == id);

    internal bool IsServed(int slot) => Workers.Any(worker => worker.Slot == slot && worker.Phase == WorkerPhase.Ready);

    internal bool IsVacant(int slot) => !Workers.Any(worker => worker.Slot == slot && worker.Phase != WorkerPhase.Draining);

    /// <summary>Somebody is being started there.</summary>
    internal bool IsBeingFilled(int slot) => Workers.Any(worker => worker.Slot == slot && worker.Phase == WorkerPhase.Starting);

    internal int Count(WorkerPhase phase) => Workers.Count(worker => worker.Phase == phase);

    internal WorkerSet Replace(Worker worker) => this with { Workers = Workers.Replace(Find(worker.Id)!, worker) };

    internal WorkerSet Remove(Worker worker) => this with { Workers = Workers.Remove(worker) };
}

/// <summary>Where the pool stands. What is true in every state is in <see cref="Set"/>.</summary>
internal abstract record PoolState(WorkerSet Set)
{
    /// <summary>No worker has ever been ready: failures may end the start.</summary>
    internal sealed record Booting(WorkerSet Set) : PoolState(Set);

    /// <summary>Every slot is served, or is being filled again.</summary>
    internal sealed record Serving(WorkerSet Set) : PoolState(Set);

    /// <summary>Slot after slot is taken over by a worker of <paramref name="Generation"/>.</summary>
    /// <param name="Set">As in every state.</param>
    /// <param name="Generation">The one that is to serve when it is done.</param>
    /// <param name="Before">The slots as they were when it began, to return to.</param>
    /// <param name="Backoff">Failures of the new generation; not forgotten until it is done, because a worker that is ready and
    /// then dies is no success.</param>
    internal sealed record Rolling(WorkerSet Set, int Generation, ImmutableArray<int> Before, Backoff Backoff) : PoolState(Set);

    /// <summary>Every worker has been told to leave, or will be in its turn.</summary>
    /// <param name="Set">As in every state.</param>
    /// <param name="ExitCode">Of the master, in the end.</param>
    /// <param name="Cause">The latest reason.</param>
    /// <param name="CauseAt">When it came.</param>
    /// <param name="Haste">How it was asked for so far.</param>
    internal sealed record Stopping(WorkerSet Set, int ExitCode, StopCause Cause, TimeSpan CauseAt, StopHaste Haste) : PoolState(Set)
    {
        /// <summary>A newer generation serves, and upgraded connections may stay.</summary>
        internal bool Stays { get; init; }

        /// <summary>The number of those that was announced last; null: none was.</summary>
        internal int? Announced { get; init; }
    }

    /// <summary>The service is to stop, and serves until the delay is over; its health answer says so already.</summary>
    /// <param name="Set">As in every state.</param>
    /// <param name="Cause">Why.</param>
    /// <param name="CauseAt">When it was asked.</param>
    /// <param name="Meaning">What start_server said of it; none if another asked.</param>
    internal sealed record Leaving(WorkerSet Set, StopCause Cause, TimeSpan CauseAt, SignalMeaning Meaning) : PoolState(Set);

    /// <summary>Nobody is left.</summary>
    internal sealed record Ended(WorkerSet Set, int ExitCode) : PoolState(Set);
}

/// <summary>Why the master stops.</summary>
internal enum StopCause
{
    Term,
    Int,
    Quit,
    Usr1,

    /// <summary>The superdaemon that started us is gone; nobody would ever stop us.</summary>
    SuperdaemonGone,

    /// <summary>No worker of the first generation could start.</summary>
    BootFailed,
}

/// <summary>How a stop is carried out; each asking for it again takes a step.</summary>
internal enum StopHaste
{
    /// <summary>One worker after the other, at the spawn interval.</summary>
    Staged,

    Graceful,

    /// <summary>As before, and told once more: a repeated TERM cuts nothing off.</summary>
    Repeated,

    /// <summary>What is unfinished is cut: INT, which only people send.</summary>
    Abort,

    Kill,
}
