using System.Collections.Immutable;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Processes;
using static StarletNet.Master.Pool.PoolState;

namespace StarletNet.Master.Pool;

/// <summary>One transition in the making: the moment it happens at and the actions it has led to so far.</summary>
internal sealed partial class Step(PoolSettings settings, Moment at)
{
    private readonly List<PoolAction> _actions = [];

    internal IReadOnlyList<PoolAction> Actions => _actions;

    internal TimeSpan Now => at.Now;

    internal void Do(PoolAction action) => _actions.Add(action);

    internal PoolState Tell(PoolState state, PoolNotice notice)
    {
        Do(new PoolAction.Tell(notice));
        return state;
    }

    // ---- workers come ------------------------------------------------------------------------------------------

    internal PoolState Start(PoolState state, int slot, int generation)
    {
        var worker = new Worker(state.Set.NextId, slot, generation, Now);
        Do(new PoolAction.Start(worker, state.Set.Target));
        Do(new PoolAction.SetTimer(new PoolEvent.BootTimedOut(worker.Id), BootTimeout(state)));
        return state with { Set = state.Set with { Workers = state.Set.Workers.Add(worker), NextId = worker.Id + 1, PacedAt = Now } };
    }

    internal PoolState BecameReady(PoolState state, Worker worker)
    {
        var ready = worker with { ReadyAt = Now };
        if (worker.Phase == WorkerPhase.Draining)
        {
            // Told to leave before it was ready, and it had begun to accept: what it took it may finish.
            SetKillTimer(ready);
            return state with { Set = state.Set.Replace(ready) };
        }
        if (worker.Phase == WorkerPhase.Ready) return state;

        Do(new PoolAction.CancelTimer(new PoolEvent.BootTimedOut(worker.Id)));
        Tell(state, new PoolNotice.BecameReady(ready, Now - worker.StartedAt));
        var set = state.Set.Replace(ready with { Phase = WorkerPhase.Ready });
        set = set with { Slots = set.Slots.SetItem(worker.Slot, worker.Generation) };
        state = state is Booting ? new Serving(set) : state with { Set = set };
        if (settings.MaxAge > TimeSpan.Zero) Do(new PoolAction.SetTimer(new PoolEvent.AgeReached(worker.Id), settings.MaxAge * (1 + (0.1 * at.Jitter))));
        // In the same step: a slot is served by one worker and no more.
        var served = set.Workers.FirstOrDefault(other => other.Slot == worker.Slot && other.Phase == WorkerPhase.Ready && other.Id != worker.Id);
        if (served is null) return state;
        var reason = served.Leaves ?? RetireReason.Replaced;
        state = RetireAll(state, reason, other => other.Id == served.Id, stay: StayFor(reason));
        return state with { Set = state.Set with { PacedAt = Now } };
    }

    /// <summary>A worker that serves is to leave: not before another one serves in its place.</summary>
    internal PoolState Retire(PoolState state, Worker worker, RetireReason reason)
    {
        if (reason == RetireReason.Stuck && worker.Phase == WorkerPhase.Draining)
        {
            if (worker.Leaves == reason) return state;
            // It will not finish, and without a graceful timeout nobody else would notice.
            Tell(state, new PoolNotice.ToBeReplaced(worker, reason));
            Crash(worker);
            return state with { Set = state.Set.Replace(worker with { Leaves = reason }) };
        }
        // One that is stuck is so whatever else it was to leave for; one that has not served yet has its own time limit.
        var isKnown = worker.Leaves == reason || (worker.Leaves is not null && reason != RetireReason.Stuck);
        if (worker.Phase != WorkerPhase.Ready || isKnown || state is Stopping) return state;
        Tell(state, new PoolNotice.ToBeReplaced(worker, reason));
        return state with { Set = state.Set.Replace(worker with { Leaves = reason, LeavesOtherwise = worker.Leaves }) };
    }

    internal PoolState Recovered(PoolState state, Worker worker)
    {
        if (worker.Leaves != RetireReason.Stuck || worker.Phase != WorkerPhase.Ready) return state;
        Tell(state, new PoolNotice.Recovered(worker));
        return state with { Set = state.Set.Replace(worker with { Leaves = worker.LeavesOtherwise, LeavesOtherwise = null }) };
    }

    private void Crash(Worker worker)
    {
        Do(new PoolAction.Crash(worker.Id));
        Do(new PoolAction.SetTimer(new PoolEvent.DrainTimedOut(worker.Id), PoolSettings.KillMargin));
    }

    /// <summary>Whether the first set is complete, and whether a restart is.</summary>
    internal PoolState CheckProgress(PoolState state)
    {
        var set = state.Set;
        // In a slow restart the generation before us hands over worker by worker, from our first one on.
        var slots = Enumerable.Range(0, set.Target);
        if (!set.Announced && (settings.SpawnInterval > TimeSpan.Zero ? slots.Any(set.IsServed) : slots.All(set.IsServed)))
        {
            Do(new PoolAction.AnnounceReady());
            state = state with { Set = set with { Announced = true } };
        }
        if (state is not Rolling rolling || !Enumerable.Range(0, set.Target).All(slot => IsServedBy(set, slot, rolling.Generation))) return state;
        return Tell(new Serving(state.Set), new PoolNotice.RestartDone(rolling.Generation));
    }

    private static bool IsServedBy(WorkerSet set, int slot, int generation) =>
        set.Workers.Any(worker => worker.Slot == slot && worker.Phase == WorkerPhase.Ready && worker.Generation == generation);

    // ---- workers go --------------------------------------------------------------------------------------------

    internal PoolState BeganDraining(PoolState state, Worker worker)
    {
        if (worker.Phase == WorkerPhase.Draining) return state;
        Tell(state, new PoolNotice.LeavesByItself(worker));
        var left = worker with { Phase = WorkerPhase.Draining, DrainingSince = Now, Leaves = worker.Leaves ?? RetireReason.OwnWish };
        Do(new PoolAction.CancelTimer(new PoolEvent.BootTimedOut(worker.Id)));
        SetKillTimer(left);
        state = state with { Set = state.Set.Replace(left) };
        return state is Stopping ? state : worker.Phase == WorkerPhase.Ready ? Lost(state, worker) : StartFailed(state, worker);
    }

    internal PoolState Exited(PoolState state, Worker worker, ChildExit? exit)
    {
        Do(new PoolAction.CancelTimer(new PoolEvent.BootTimedOut(worker.Id)));
        Do(new PoolAction.CancelTimer(new PoolEvent.DrainTimedOut(worker.Id)));
        if (settings.MaxAge > TimeSpan.Zero) Do(new PoolAction.CancelTimer(new PoolEvent.AgeReached(worker.Id)));
        state = state with { Set = state.Set.Remove(state.Set.Find(worker.Id)!) };
        switch (worker.Phase)
        {
            case WorkerPhase.Draining:
                return Tell(state, new PoolNotice.Left(worker, exit ?? default));
            case WorkerPhase.Ready:
                Tell(state, new PoolNotice.Died(worker, exit ?? default, Now - worker.ReadyAt!.Value));
                return Lost(state, worker);
            default:
                Tell(state, new PoolNotice.FailedToStart(worker, exit));
                return StartFailed(state, worker);
        }
    }

    internal PoolState BootTimedOut(PoolState state, Worker worker)
    {
        if (worker.Phase != WorkerPhase.Starting) return state;
        Tell(state, new PoolNotice.BootTookTooLong(worker, Now - worker.StartedAt < settings.BootTimeout ? Now - worker.StartedAt : settings.BootTimeout, IsForCaller: Now - worker.StartedAt < settings.BootTimeout));
        Do(new PoolAction.Kill(worker.Id));
        var why = worker.Unready is { } last ? $": {last}" : "";
        return state with { Set = state.Set.Replace(worker with { Failure = "it was not ready in time" + why }) };
    }

    internal PoolState DrainTimedOut(PoolState state, Worker worker)
    {
        Tell(state, new PoolNotice.DrainTookTooLong(worker));
        Do(new PoolAction.Kill(worker.Id));
        return state;
    }

    /// <summary>A worker that was ready is not there any more.</summary>
    private PoolState Lost(PoolState state, Worker worker)
    {
        var set = state.Set;
        var wasLast = set.Count(WorkerPhase.Ready) == 0;
        // Nobody serves: no waiting. Counted from its readiness, so that one which dies again and again cannot spin.
        var notBefore = wasLast
            ? worker.ReadyAt!.Value + settings.RespawnInterval
            : Max(set.Backoff.NotBefore, Now + settings.RespawnInterval);
        var backoff = Forgiven(set.Backoff, state, worker) with { NotBefore = notBefore };
        state = state with { Set = set with { Backoff = backoff, PacedAt = wasLast ? null : set.PacedAt } };
        return state is Rolling rolling && worker.Generation == rolling.Generation ? RestartFailed(rolling) : state;
    }

    private PoolState StartFailed(PoolState state, Worker worker)
    {
        if (state is Rolling rolling && worker.Generation == rolling.Generation) return RestartFailed(rolling);
        var backoff = Worse(Forgiven(state.Set.Backoff, state, worker));
        var limit = settings.TriesOneFirst ? 1 : settings.BootFailureLimit;
        if (state is Booting && ((limit > 0 && backoff.Failures >= limit) || Now >= settings.ReadyWithin))
        {
            Tell(state, new PoolNotice.StartGivenUp(backoff.Failures));
            return StopNow(state, StopCause.BootFailed, ExitCodes.Failure);
        }
        Tell(state, new PoolNotice.WaitsToStart(backoff.NotBefore - Now, backoff.Failures));
        return state with { Set = state.Set with { Backoff = backoff } };
    }

    internal PoolState RestartFailed(Rolling rolling)
    {
        var backoff = Worse(rolling.Backoff);
        if (settings.BootFailureLimit == 0 || backoff.Failures < settings.BootFailureLimit)
        {
            Tell(rolling, new PoolNotice.WaitsToStart(backoff.NotBefore - Now, backoff.Failures));
            return rolling with { Backoff = backoff };
        }
        Tell(rolling, new PoolNotice.RestartGivenUp(rolling.Generation, backoff.Failures));
        var retired = RetireAll(rolling, RetireReason.Superseded, worker => worker.Phase == WorkerPhase.Starting && worker.Generation == rolling.Generation);
        // Slots that the new generation serves keep it; the others return to the one that served them.
        var slots = retired.Set.Slots.Select((generation, slot) =>
            retired.Set.IsServed(slot) || slot >= rolling.Before.Length ? generation : rolling.Before[slot]);
        return new Serving(retired.Set with { Slots = [.. slots] });
    }

    /// <summary>One failure more: base, twice the base, and so on, within a fifth up or down.</summary>
    private Backoff Worse(Backoff before)
    {
        var failures = before.Failures + 1;
        var seconds = settings.RespawnInterval.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 30));
        var delay = Math.Min(seconds, PoolSettings.LongestBackoff.TotalSeconds) * (1 + (0.2 * at.Jitter));
        return new Backoff(failures, Now, Now + TimeSpan.FromSeconds(delay));
    }

    /// <summary>The row of failures ends when a worker that was started after the last of them has served for a while.</summary>
    private Backoff Forgiven(Backoff backoff, PoolState state, Worker gone)
    {
        var forgiven = state.Set.Workers.Append(gone).Any(worker =>
            worker.ReadyAt is { } readyAt && readyAt > backoff.LastFailureAt && Now - readyAt >= PoolSettings.Stable);
        return forgiven ? backoff with { Failures = 0 } : backoff;
    }

    private PoolState RetireAll(PoolState state, RetireReason reason, Func<Worker, bool> which, bool isFast = false, TimeSpan stay = default)
    {
        foreach (var worker in state.Set.Workers.Where(which))
        {
            Tell(state, new PoolNotice.Retiring(worker, reason, isFast));
            Do(new PoolAction.CancelTimer(new PoolEvent.BootTimedOut(worker.Id)));
            var draining = worker with { Phase = WorkerPhase.Draining, DrainingSince = Now, Leaves = reason, Stay = stay };
            if (reason == RetireReason.Stuck)
            {
                Crash(worker);
            }
            else
            {
                Do(new PoolAction.Drain(worker.Id, stay));
                SetKillTimer(draining);
            }
            state = state with { Set = state.Set.Replace(draining) };
        }
        return state;
    }

    // The worker keeps the clock; this is for one that does not. One that was never ready has nothing long to finish.
    private void SetKillTimer(Worker worker)
    {
        var due = new PoolEvent.DrainTimedOut(worker.Id);
        if (worker.ReadyAt is null) Do(new PoolAction.SetTimer(due, PoolSettings.KillMargin));
        // What has stayed gets the graceful timeout after that.
        else if (settings.GracefulTimeout > TimeSpan.Zero) Do(new PoolAction.SetTimer(due, worker.Stay + settings.GracefulTimeout + PoolSettings.KillMargin));
        else Do(new PoolAction.CancelTimer(due));
    }

    // Also a worker that is started late has a little time: it may be a restart of one that has died, and be ready soon.
    private TimeSpan BootTimeout(PoolState state)
    {
        if (state.Set.Announced || settings.ReadyWithin is not { } within || within - Now >= settings.BootTimeout) return settings.BootTimeout;
        return Max(within - Now, TimeSpan.FromSeconds(1));
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
