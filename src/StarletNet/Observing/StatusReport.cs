using StarletNet.Master.Pool;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Observing;

/// <summary>The service at a glance, made when somebody asks.</summary>
/// <param name="State"><c>starting</c>, <c>serving</c>, <c>restarting</c> or <c>stopping</c>.</param>
/// <param name="Generation">The latest restart; 1 for the first set of workers.</param>
/// <param name="Wanted">How many workers there are to be.</param>
/// <param name="Application">Its path.</param>
/// <param name="Listeners">By name.</param>
/// <param name="Counters">Since the start.</param>
/// <param name="Departed">The sums of workers that are gone.</param>
/// <param name="Workers">By slot, older ones first.</param>
internal sealed record StatusReport(
    string State, int Generation, int Wanted, string Application, IReadOnlyList<string> Listeners, PoolCounters Counters,
    WorkerFigures Departed, IReadOnlyList<WorkerReport> Workers)
{
    internal int Ready => Workers.Count(worker => worker.State is WorkerState.Idle or WorkerState.Busy or WorkerState.Stuck);
}

/// <param name="Leaves">Why it is to leave, in a word; null: it may stay.</param>
/// <param name="Figures">What it says of itself.</param>
/// <param name="Use">What the kernel says of it; null if it is just ending.</param>
internal sealed record WorkerReport(int Slot, int Pid, int Generation, WorkerState State, string? Leaves, WorkerFigures Figures, ProcessUse? Use)
{
    /// <summary>After so many requests it is replaced; 0: never for that.</summary>
    internal int MaxRequests { get; init; }

    /// <summary>How many upgraded connections stay with it, once nothing else is left; null before.</summary>
    internal int? Lingering { get; init; }

    internal static WorkerReport Of(Worker worker, int pid, WorkerFigures figures) => new(
        worker.Slot, pid, worker.Generation, StateOf(worker, figures), worker.Leaves?.ToString().ToLowerInvariant(), figures, ProcessUse.Of(pid))
    { Lingering = worker.Lingering };

    private static WorkerState StateOf(Worker worker, WorkerFigures figures) => worker.Phase switch
    {
        Pool.WorkerPhase.Starting => WorkerState.Starting,
        _ when worker.Leaves == RetireReason.Stuck => WorkerState.Stuck,
        Pool.WorkerPhase.Draining => WorkerState.Draining,
        _ => figures.InFlight > 0 ? WorkerState.Busy : WorkerState.Idle,
    };
}

/// <summary>What has happened to workers since the master started.</summary>
internal sealed class PoolCounters
{
    internal long Started { get; private set; }

    /// <summary>Ended although they served.</summary>
    internal long Died { get; private set; }

    internal long FailedToStart { get; private set; }

    /// <summary>Taken for stuck.</summary>
    internal long Stuck { get; private set; }

    /// <summary>HUPs that were begun.</summary>
    internal long Restarts { get; private set; }

    internal void CountStart() => Started++;

    internal void Hear(PoolNotice notice)
    {
        switch (notice)
        {
            case PoolNotice.Died: Died++; break;
            case PoolNotice.FailedToStart: FailedToStart++; break;
            case PoolNotice.ToBeReplaced { Reason: RetireReason.Stuck }: Stuck++; break;
            case PoolNotice.RestartBegun: Restarts++; break;
        }
    }
}
