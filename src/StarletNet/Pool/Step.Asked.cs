using StarletNet.Shared.Errors;
using static StarletNet.Master.Pool.PoolState;

namespace StarletNet.Master.Pool;

/// <summary>What operators, and whoever stands for them, ask for.</summary>
internal sealed partial class Step
{
    internal PoolState Restart(PoolState state, int generation)
    {
        var workers = state.Set.Target;
        // Starts that are paced come one by one, whatever the surge.
        Tell(state, new PoolNotice.RestartBegun(generation, workers, settings.SpawnInterval > TimeSpan.Zero ? 1 : Math.Min(settings.Surge, workers)));
        // Those that have not served yet need not begin to: their generation is history.
        state = RetireAll(state, RetireReason.Superseded, worker => worker.Phase == WorkerPhase.Starting);
        var set = state.Set with { Backoff = default };
        return state is Booting
            ? new Booting(set with { Slots = [.. Enumerable.Repeat(generation, set.Target)] })
            : new Rolling(set, generation, set.Slots, default);
    }

    internal PoolState ChangeWorkers(PoolState state, int delta)
    {
        var set = state.Set;
        var target = Math.Clamp(set.Target + delta, settings.FewestWorkers, Options.MasterOptions.MostWorkers);
        if (target == set.Target) return Tell(state, new PoolNotice.WorkersAtLimit(target));
        Tell(state, new PoolNotice.WorkersChanged(target));
        if (target > set.Target) return state with { Set = set with { Slots = [.. set.Slots, .. Enumerable.Repeat(set.Slots.Max(), target - set.Target)] } };
        state = RetireAll(state, RetireReason.TooMany, worker => worker.Slot >= target && worker.Phase != WorkerPhase.Draining);
        return state with { Set = state.Set with { Slots = state.Set.Slots[..target] } };
    }

    /// <summary>
    /// At once, or after the stop delay. A generation that was replaced does not wait: the service goes on, and load balancers have nothing
    /// to notice.
    /// </summary>
    internal PoolState Stop(PoolState state, PoolEvent.StopAsked asked)
    {
        var isDelayed = settings.StopDelay > TimeSpan.Zero && state.Set.Announced && !asked.IsReplaced && !IsFast(asked.Cause)
            && asked.Cause is StopCause.Term or StopCause.Quit or StopCause.Usr1;
        return isDelayed ? Leave(state, asked) : StopNow(state, asked.Cause, ExitCodes.Success, asked.IsReplaced);
    }

    internal PoolState StopNow(PoolState state, StopCause cause, int exitCode, bool isReplaced = false)
    {
        Do(new PoolAction.CancelTimer(new PoolEvent.StartDue()));
        if (!isReplaced) Do(new PoolAction.FailHealth());
        var stays = isReplaced && !IsFast(cause) && settings.DrainWebSockets > TimeSpan.Zero;
        if (!stays) state = SendAway(state);
        if (cause == StopCause.Usr1 && settings.SpawnInterval > TimeSpan.Zero)
        {
            Tell(state, new PoolNotice.StoppingInStages(state.Set.Count(WorkerPhase.Ready), settings.SpawnInterval));
            // Those that have not served yet are nobody's capacity.
            state = RetireAll(state, RetireReason.Stop, worker => worker.Phase == WorkerPhase.Starting);
            return RetireNext(new Stopping(state.Set, exitCode, cause, Now, StopHaste.Staged) { Stays = stays });
        }
        if (cause != StopCause.BootFailed) Tell(state, new PoolNotice.Stopping(cause, state.Set.Workers.Length, IsFast(cause)));
        return StopAll(state, cause, exitCode, stays);
    }

    /// <summary>A staged stop: the oldest worker goes now, the next one an interval later, as in Starlet.</summary>
    internal PoolState RetireNext(Stopping stopping)
    {
        if (stopping.Set.Workers.FirstOrDefault(worker => worker.Phase == WorkerPhase.Ready) is not { } oldest) return stopping;
        var retired = RetireAll(stopping, RetireReason.Stop, worker => worker.Id == oldest.Id, stay: StayIn(stopping.Stays));
        if (retired.Set.Count(WorkerPhase.Ready) > 0) Do(new PoolAction.SetTimer(new PoolEvent.RetireDue(), settings.SpawnInterval));
        return retired;
    }

    /// <summary>Asked to stop while a staged stop is under way: no more stages. The same wish again changes nothing.</summary>
    internal PoolState StopAtOnce(Stopping stopping, StopCause cause)
    {
        if (cause == StopCause.Usr1) return stopping;
        Do(new PoolAction.CancelTimer(new PoolEvent.RetireDue()));
        Tell(stopping, new PoolNotice.Stopping(cause, stopping.Set.Workers.Length, IsFast(cause)));
        return StopAll(stopping, cause, stopping.ExitCode, stopping.Stays);
    }

    private Stopping StopAll(PoolState state, StopCause cause, int exitCode, bool stays)
    {
        var retired = RetireAll(state, RetireReason.Stop, worker => worker.Phase != WorkerPhase.Draining, IsFast(cause), StayIn(stays));
        var stopping = new Stopping(retired.Set, exitCode, cause, Now, StopHaste.Graceful) { Stays = stays };
        return IsFast(cause) ? Hurry(stopping, StopHaste.Abort) : stopping;
    }

    private bool IsFast(StopCause cause) => settings.StopsFast && cause is (StopCause.Term or StopCause.Int);

    internal PoolState StopFaster(Stopping stopping, StopCause cause)
    {
        if (cause == StopCause.SuperdaemonGone) return stopping;
        if (settings.UnderSuperdaemon && cause != StopCause.Int) return stopping;
        // One stop often comes twice: a wrapper hands TERM on, and the service manager sends it to the whole group as well. Only a
        // second ^C right after the first is certainly a person's, who means it.
        var isPersonInHaste = cause == StopCause.Int && stopping.Cause == StopCause.Int;
        if (!isPersonInHaste && Now - stopping.CauseAt < PoolSettings.SameGesture) return stopping;
        var haste = stopping.Haste switch
        {
            StopHaste.Graceful or StopHaste.Repeated when cause == StopCause.Int => StopHaste.Abort,
            StopHaste.Graceful => StopHaste.Repeated,
            _ => StopHaste.Kill,
        };
        Tell(stopping, new PoolNotice.StoppingFaster(cause, haste));
        return Hurry(stopping with { Cause = cause, CauseAt = Now }, haste);
    }

    private Stopping Hurry(Stopping stopping, StopHaste haste)
    {
        foreach (var worker in stopping.Set.Workers)
        {
            switch (haste)
            {
                case StopHaste.Kill: Do(new PoolAction.Kill(worker.Id)); break;
                case StopHaste.Repeated: Do(new PoolAction.Drain(worker.Id)); break;
                case StopHaste.Abort:
                    Do(new PoolAction.Abort(worker.Id));
                    Do(new PoolAction.SetTimer(new PoolEvent.DrainTimedOut(worker.Id), PoolSettings.KillMargin));
                    break;
            }
        }
        return stopping with { Haste = haste };
    }
}
