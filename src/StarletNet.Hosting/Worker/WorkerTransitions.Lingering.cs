using static StarletNet.Hosting.Worker.WorkerAction;
using static StarletNet.Hosting.Worker.WorkerEvent;
using static StarletNet.Hosting.Worker.WorkerState;

namespace StarletNet.Hosting.Worker;

/// <summary>The time for which upgraded connections stay with a worker that a newer one has replaced.</summary>
internal static partial class WorkerTransitions
{
    /// <summary>From one report of the number to the next, at least: clients that leave one by one must not make a message each.</summary>
    internal const long ReportPause = 1_000;

    private static long StayUntil(StopAsked asked, long now) => asked.Stay > 0 ? now + asked.Stay : 0;

    private static bool Stays(long until, Look look, long now) => look.Upgraded > 0 && now < until;

    /// <summary>The first part of the drain is over; also where the graceful timeout is shorter than the keep-alive grace.</summary>
    private static bool IsOver(Grace grace, Look look, long now, WorkerClocks clocks) =>
        look.Waiting == 0 || clocks.GraceOver(grace, now) || clocks.Overdue(grace.Since, now);

    private static (WorkerState State, IReadOnlyList<WorkerAction> Actions) Linger(Lingering state, Look look, long now, WorkerClocks clocks)
    {
        if (!Stays(state.StayUntil, look, now)) return End(state, now, isOrphan: false);
        if (!state.IsCut && clocks.Overdue(state.Since, now)) return (state with { IsCut = true }, [CloseDue, CutRequests]);
        var isNews = look.Connections == look.Upgraded && look.Upgraded != state.Told && (state.Told < 0 || now - state.ToldAt >= ReportPause);
        return isNews
            ? (state with { Told = look.Upgraded, ToldAt = now }, [CloseDue, SayLingering])
            : (state, [CloseDue]);
    }

    private static (WorkerState State, IReadOnlyList<WorkerAction> Actions) Shorten(Lingering state, StopAsked asked, long now) => asked.Stay == 0
        ? End(state, now, asked is MasterGone)
        : (state with { StayUntil = Math.Min(state.StayUntil, now + asked.Stay) }, []);

    /// <summary>
    /// The graceful timeout begins anew: the first one may be over, and upgraded connections and the application's services have not been
    /// told before this moment.
    /// </summary>
    private static (WorkerState State, IReadOnlyList<WorkerAction> Actions) End(Lingering state, long now, bool isOrphan) =>
        (new Finishing(now, isOrphan), state.Told > 0 ? [SayLingering, CloseDue, StopHost] : [CloseDue, StopHost]);
}
