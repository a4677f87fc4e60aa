using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>What the service is to whoever supervises us.</summary>
internal enum ServicePhase
{
    /// <summary>Nothing has served yet.</summary>
    Starting,

    Ready,

    /// <summary>A deploy makes its first attempt. One that has failed is not waited for: the service is as ready as before.</summary>
    Reloading,

    Stopping,
}

/// <summary>The supervisor's state in the words of sd_notify(3).</summary>
/// <param name="Status">For people: <c>systemctl status</c> shows it.</param>
internal sealed record ServiceReport(ServicePhase Phase, string Status)
{
    /// <summary>Before anything has happened: nobody has been told anything.</summary>
    internal static readonly ServiceReport None = new(ServicePhase.Starting, "");

    /// <param name="state">Where we are.</param>
    /// <param name="before">The last report: a service that was ready and whose generation has died is still the same service.</param>
    internal static ServiceReport Of(SupervisorState state, ServiceReport before) => state switch
    {
        Stopping stopping => new(ServicePhase.Stopping, Messages.WaitingFor(stopping.Remaining)),
        Stopped => before with { Phase = ServicePhase.Stopping },
        Running { Fleet.Current: null } running => new(before.Phase == ServicePhase.Starting ? ServicePhase.Starting : ServicePhase.Ready, Starts(running)),
        Running running => new(
            Transitions.GoalOf(running) is { Replaces: true, Failures: 0 } ? ServicePhase.Reloading : ServicePhase.Ready,
            string.Join("; ", new[] { Messages.Serving(running.Fleet.Current!), Starts(running), Drain(running) }.Where(part => part.Length > 0))),
        _ => before,
    };

    private static string Starts(Running state) => state switch
    {
        Trying trying => Messages.Starts(trying.Candidate, trying.Goal.Failures),
        StartDue { Goal.Failures: > 0 } due => Messages.StartsLater(due.Goal.Failures),
        StartDue => Messages.StartsNow,
        _ => "",
    };

    private static string Drain(Running state) => state.Fleet.Old.Count == 0 ? "" : Messages.OldRemain(state.Fleet.Old);
}
