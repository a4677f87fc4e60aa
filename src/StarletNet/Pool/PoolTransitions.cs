using StarletNet.Shared.Errors;
using static StarletNet.Master.Pool.PoolState;

namespace StarletNet.Master.Pool;

/// <summary>When something happens, and how the dice fell: between -1 and 1, so that machines that fail together do not retry together.</summary>
internal readonly record struct Moment(TimeSpan Now, double Jitter = 0);

/// <summary>
/// The pool as a pure function: (state, event, moment) → (state, actions). Nothing here sleeps, starts or signals.
/// <code>
/// Booting ── first worker ready ──▶ Serving ◀── every slot taken over, or given up ── Rolling
///    │                                 └──────────────── HUP ─────────────────────▶    │ HUP: again, with the newest
///    └── limit of failures: exit 1 ──┬── TERM, INT, QUIT, USR1, superdaemon gone ──────┘
///                                    ▼
///                 (Leaving, for the stop delay) ──▶ Stopping ── no worker left ──▶ Ended
/// </code>
/// Events change facts; afterwards <see cref="Fill"/> looks which slot wants a worker and whether it may have one now.
/// </summary>
internal sealed class PoolTransitions(PoolSettings settings)
{
    internal static PoolState Initial(int workers) =>
        new Booting(new WorkerSet { Slots = [.. Enumerable.Repeat(1, workers)] });

    internal (PoolState State, IReadOnlyList<PoolAction> Actions) Next(PoolState state, PoolEvent happened, Moment at)
    {
        var step = new Step(settings, at);
        var next = Handle(step, state, happened);
        if (next is Booting or Serving or Rolling or Leaving) next = Fill(step, step.CheckProgress(next));
        if (next is Stopping { Stays: true } leaving) next = step.AnnounceLingering(leaving);
        if (next is Stopping { Set.Workers.IsEmpty: true } stopped)
        {
            step.Do(new PoolAction.End(stopped.ExitCode));
            next = new Ended(stopped.Set, stopped.ExitCode);
        }
        return (next, step.Actions);
    }

    private static PoolState Handle(Step step, PoolState state, PoolEvent happened) => (state, happened) switch
    {
        // Late news of a pool that has ended.
        (Ended, _) => state,

        (_, PoolEvent.Begin or PoolEvent.StartDue) => state,
        (_, PoolEvent.WorkerReady e) => Known(state, e.Id, worker => step.BecameReady(state, worker)),
        (_, PoolEvent.WorkerDraining e) => Known(state, e.Id, worker => step.BeganDraining(state, worker)),
        (_, PoolEvent.WorkerUnready e) => Known(state, e.Id, worker => state with { Set = state.Set.Replace(worker with { Unready = e.Text }) }),
        (_, PoolEvent.WorkerFailed e) => Known(state, e.Id, worker => state with { Set = state.Set.Replace(worker with { Failure = e.Text }) }),
        (_, PoolEvent.WorkerExited e) => Known(state, e.Id, worker => step.Exited(state, worker, e.Exit)),
        (_, PoolEvent.StartFailed e) => Known(state, e.Id, worker => step.Exited(state, worker with { Failure = e.Reason }, exit: null)),
        (_, PoolEvent.RetireAsked e) => Known(state, e.Id, worker => step.Retire(state, worker, e.Reason)),
        (_, PoolEvent.AgeReached e) => Known(state, e.Id, worker => step.Retire(state, worker, RetireReason.Age)),
        (_, PoolEvent.WorkerRecovered e) => Known(state, e.Id, worker => step.Recovered(state, worker)),
        (_, PoolEvent.BootTimedOut e) => Known(state, e.Id, worker => step.BootTimedOut(state, worker)),
        (_, PoolEvent.DrainTimedOut e) => Known(state, e.Id, worker => step.DrainTimedOut(state, worker)),

        (_, PoolEvent.WorkerLingers e) => Known(state, e.Id, worker => state with { Set = state.Set.Replace(worker with { Lingering = e.Connections }) }),

        // A restart that came too late must not undo the stop.
        (Stopping or Leaving, PoolEvent.RestartAsked) => step.Tell(state, new PoolNotice.RestartIgnored()),
        (_, PoolEvent.RestartAsked e) => step.Restart(state, e.Generation),

        (Stopping or Leaving, PoolEvent.WorkersAsked) => state,
        (_, PoolEvent.WorkersAsked e) => step.ChangeWorkers(state, e.Delta),

        (Stopping { Haste: StopHaste.Staged } stopping, PoolEvent.RetireDue) => step.RetireNext(stopping),
        (_, PoolEvent.RetireDue) => state,

        (Leaving leaving, PoolEvent.StopDelayOver) => step.StopNow(leaving, leaving.Cause, ExitCodes.Success),
        (_, PoolEvent.StopDelayOver) => state,
        (Leaving leaving, PoolEvent.StopAsked e) => step.StopBeforeDelay(leaving, e),

        (Stopping { Stays: true } stopping, PoolEvent.StopAsked { IsReplaced: false } e) => step.EndLingering(stopping, e.Cause),
        (Stopping { Haste: StopHaste.Staged } stopping, PoolEvent.StopAsked e) => step.StopAtOnce(stopping, e.Cause),
        // start_server signals every old generation again at each deploy.
        (Stopping, PoolEvent.StopAsked { IsReplaced: true }) => state,
        (Stopping stopping, PoolEvent.StopAsked e) => step.StopFaster(stopping, e.Cause),
        (_, PoolEvent.StopAsked e) => step.Stop(state, e),

        _ => throw new InvalidOperationException($"no row for {state.GetType().Name} and {happened.GetType().Name}"),
    };

    // A worker that is gone may still be spoken of: its message or timer was in the same batch of events.
    private static PoolState Known(PoolState state, int id, Func<Worker, PoolState> then) =>
        state.Set.Find(id) is { } worker ? then(worker) : state;

    private PoolState Fill(Step step, PoolState state)
    {
        var atOnce = state is Booting && settings.TriesOneFirst ? 1 : settings.BootingAtOnce;
        while (state.Set.Count(WorkerPhase.Starting) < atOnce && Wish.Next(state, settings, step.Now) is { } wish)
        {
            if (wish.Due > step.Now)
            {
                step.Do(new PoolAction.SetTimer(new PoolEvent.StartDue(), wish.Due - step.Now));
                return state;
            }
            state = step.Start(state, wish.Slot, wish.Generation);
        }
        return state;
    }
}

/// <summary>A slot that wants a worker, and from when on it may have it.</summary>
internal sealed record Wish(int Slot, int Generation, TimeSpan Due)
{
    /// <summary>The earliest one; of those that are due, the empty slot before one that is only to be taken over.</summary>
    internal static Wish? Next(PoolState state, PoolSettings settings, TimeSpan now)
    {
        var paced = state.Set.PacedAt is { } last ? last + settings.SpawnInterval : TimeSpan.Zero;
        Wish?[] wishes =
        [
            Refill(state, paced),
            Replace(state, settings, paced),
            state is Rolling rolling ? TakeOver(rolling, settings, paced) : null,
        ];
        return wishes.OfType<Wish>().MinBy(wish => Later(wish.Due, now));
    }

    private static Wish? Refill(PoolState state, TimeSpan paced)
    {
        for (var slot = 0; slot < state.Set.Target; slot++)
            if (state.Set.IsVacant(slot)) return InPlace(state, slot, paced);
        return null;
    }

    /// <summary>For a worker that serves but is to leave. One that is stuck does not serve: its successor waits for nobody's drain.</summary>
    private static Wish? Replace(PoolState state, PoolSettings settings, TimeSpan paced)
    {
        var set = state.Set;
        var leaving = set.Workers.Where(worker => worker is { Phase: WorkerPhase.Ready, Leaves: not null } && !set.IsBeingFilled(worker.Slot)).ToArray();
        if (leaving.Length == 0) return null;
        if (leaving.FirstOrDefault(worker => worker.Leaves == RetireReason.Stuck) is { } stuck) return InPlace(state, stuck.Slot, paced);
        return Room(set, settings) is { } room ? InPlace(state, leaving[0].Slot, Later(paced, room)) : null;
    }

    // A generation that has not failed yet is tried at once where nothing serves; one that has is tried as a restart only, and
    // the slot goes back to what is known to work, also if it was taken over already.
    private static Wish InPlace(PoolState state, int slot, TimeSpan notBefore) => state is Rolling { Backoff.Failures: 0 } rolling
        ? new Wish(slot, rolling.Generation, notBefore)
        : new Wish(slot, Known(state, slot), Later(notBefore, state.Set.Backoff.NotBefore));

    private static int Known(PoolState state, int slot) =>
        state is Rolling { Before: var before } && slot < before.Length ? before[slot] : state.Set.Slots[slot];

    private static Wish? TakeOver(Rolling rolling, PoolSettings settings, TimeSpan paced)
    {
        var set = rolling.Set;
        // One at a time until one of them has shown that the new generation can serve.
        var isProven = set.Workers.Any(worker => worker.Phase == WorkerPhase.Ready && worker.Generation == rolling.Generation);
        if (!isProven && set.Workers.Any(worker => worker.Phase == WorkerPhase.Starting && worker.Generation == rolling.Generation)) return null;
        if (Room(set, settings) is not { } room) return null;
        var due = Later(Later(paced, room), rolling.Backoff.NotBefore);
        // First what serves an older generation, then what nobody serves: there the known generation may be failing as well.
        foreach (var worker in set.Workers.OrderBy(worker => worker.Slot))
            if (worker.Phase == WorkerPhase.Ready && worker.Generation < rolling.Generation && !set.IsBeingFilled(worker.Slot))
                return new Wish(worker.Slot, rolling.Generation, due);
        for (var slot = 0; slot < set.Target; slot++)
            if (set.IsVacant(slot)) return new Wish(slot, rolling.Generation, due);
        return null;
    }

    /// <summary>
    /// From when on there may be one worker more; null: not before one has left. Those that drain count, or a restart would double
    /// the memory, but not for ever. Those that only wait for their WebSockets to end do not: that may take hours, and was asked for.
    /// </summary>
    private static TimeSpan? Room(WorkerSet set, PoolSettings settings)
    {
        var tooMany = set.Workers.Count(worker => worker.Lingering is null) - (set.Target + settings.Surge);
        if (tooMany < 0) return TimeSpan.Zero;
        var since = set.Workers.Where(worker => worker is { Phase: WorkerPhase.Draining, Lingering: null }).Select(worker => worker.DrainingSince).Order().Skip(tooMany);
        return since.FirstOrDefault() + PoolSettings.DrainHoldsBack;
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
