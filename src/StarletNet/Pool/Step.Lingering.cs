using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using static StarletNet.Master.Pool.PoolState;

namespace StarletNet.Master.Pool;

/// <summary>
/// Connections that stay with workers that were replaced, and a service that goes on for a while after it was told to stop.
/// </summary>
internal sealed partial class Step
{
    private TimeSpan StayIn(bool stays) => stays ? settings.DrainWebSockets : TimeSpan.Zero;

    /// <summary>
    /// For a worker that another one follows. One that is stuck, or too large, or is to end for its own sake, does not stay.
    /// </summary>
    private TimeSpan StayFor(RetireReason reason) => StayIn(reason is RetireReason.Replaced or RetireReason.Requests or RetireReason.Age);

    /// <summary>Workers whose connections may stay are told that they may not any more.</summary>
    private PoolState SendAway(PoolState state)
    {
        foreach (var worker in state.Set.Workers.Where(worker => worker.Phase == WorkerPhase.Draining && worker.Stay > TimeSpan.Zero))
        {
            Do(new PoolAction.Drain(worker.Id));
            var leaving = worker with { Stay = TimeSpan.Zero };
            SetKillTimer(leaving);
            state = state with { Set = state.Set.Replace(leaving) };
        }
        return state;
    }

    /// <summary>
    /// The service stops while this generation stays for its connections. However soon that comes after the signal of the deploy, it is
    /// another wish: the two are never the same gesture.
    /// </summary>
    internal PoolState EndLingering(Stopping stopping, StopCause cause)
    {
        Do(new PoolAction.FailHealth());
        Tell(stopping, new PoolNotice.LingeringEnds(cause));
        var next = stopping with { Stays = false, Cause = cause, CauseAt = Now };
        if (next.Haste == StopHaste.Staged)
        {
            Do(new PoolAction.CancelTimer(new PoolEvent.RetireDue()));
            next = StopAll(next, cause, next.ExitCode, stays: false);
        }
        next = (Stopping)SendAway(next);
        return IsFast(cause) ? Hurry(next, StopHaste.Abort) : next;
    }

    /// <summary>Once each worker that is left has nothing else to finish, and whenever the number changes.</summary>
    internal Stopping AnnounceLingering(Stopping stopping)
    {
        var workers = stopping.Set.Workers;
        if (workers.IsEmpty || workers.Any(worker => worker.Lingering is null)) return stopping;
        var connections = workers.Sum(worker => worker.Lingering!.Value);
        if (connections == (stopping.Announced ?? 0)) return stopping;
        if (stopping.Announced is null) Tell(stopping, new PoolNotice.Lingers(connections));
        Do(new PoolAction.AnnounceLingering(connections));
        return stopping with { Announced = connections };
    }

    /// <summary>A load balancer is to notice before clients do: the workers go on, and their health answer says what is coming.</summary>
    private Leaving Leave(PoolState state, PoolEvent.StopAsked asked)
    {
        Do(new PoolAction.FailHealth());
        Do(new PoolAction.SetTimer(new PoolEvent.StopDelayOver(), settings.StopDelay));
        Tell(state, new PoolNotice.StopDelayed(asked.Cause, settings.StopDelay));
        return new Leaving(state.Set, asked.Cause, Now, asked.Meaning);
    }

    /// <summary>
    /// Asked again during the delay: that cuts it short. But one stop often comes twice, from start_server and from the service manager; of
    /// its own requests start_server has made one already.
    /// </summary>
    internal PoolState StopBeforeDelay(Leaving leaving, PoolEvent.StopAsked asked)
    {
        var isSecondOfSuperdaemon = asked.Meaning != SignalMeaning.None && leaving.Meaning != SignalMeaning.None;
        var isSameGesture = asked.Cause is not (StopCause.Int or StopCause.SuperdaemonGone) && !isSecondOfSuperdaemon && Now - leaving.CauseAt < PoolSettings.SameGesture;
        if (isSameGesture) return leaving;
        Do(new PoolAction.CancelTimer(new PoolEvent.StopDelayOver()));
        return StopNow(leaving, asked.Cause, ExitCodes.Success);
    }
}
