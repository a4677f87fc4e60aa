using System.Diagnostics;
using System.Globalization;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;

namespace StartServer.Supervision;

/// <summary>What could not be told is due again.</summary>
internal sealed record ReportDue;

/// <summary>
/// Whoever supervises us (systemd, or another start_server), as sd_notify(3) reaches him. Nobody there is fine. One who does not read is
/// not waited for: only the last report counts, and it is offered again.
/// </summary>
internal sealed class ServiceManager
{
    /// <summary>From one offer of a report to the next.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly EventQueue _queue;
    private readonly NotifySender _sender;
    private readonly TimeSpan? _watchdog;
    private ServiceReport _last = ServiceReport.None;

    internal ServiceManager(EventQueue queue, Func<string, string?> environment)
    {
        _queue = queue;
        _sender = new NotifySender(environment(EnvironmentNames.NotifySocket));
        _watchdog = Watchdog.Period(environment, LibC.getpid());
        if (_watchdog is { } period) _queue.SetTimer(new WatchdogDue(), period);
    }

    /// <summary>After an exec: how much of the time to the next sign of life had passed is not known, so it is given at once.</summary>
    internal void GoOnWith(SupervisorState state)
    {
        if (_watchdog is not null) _sender.TrySend(Watchdog.Sign);
        Follow(state);
    }

    /// <returns>Whether the event was this one's own affair.</returns>
    internal bool Takes(Event happened)
    {
        // The report itself is made after each event, this one too.
        if (happened is TimerFired { Key: ReportDue }) return true;
        if (happened is not TimerFired { Key: WatchdogDue }) return false;
        _sender.TrySend(Watchdog.Sign);
        _queue.SetTimer(new WatchdogDue(), _watchdog!.Value);
        return true;
    }

    /// <summary>Tells what is new in the supervisor's state, if anything is.</summary>
    internal void Follow(SupervisorState state)
    {
        var report = ServiceReport.Of(state, _last);
        if (report == _last) return;
        if (Messages(_last.Phase, report).All(_sender.TrySend)) _last = report;
        else _queue.SetTimer(new ReportDue(), Step);
    }

    private static IEnumerable<string> Messages(ServicePhase before, ServiceReport report)
    {
        var ready = $"READY=1\nMAINPID={((int)LibC.getpid()).ToString(CultureInfo.InvariantCulture)}";
        // A HUP during the first start leads from there straight into a deploy; but who waits for the start waits for READY=1.
        if (before == ServicePhase.Starting && report.Phase == ServicePhase.Reloading) yield return ready;
        var change = report.Phase == before ? null : report.Phase switch
        {
            ServicePhase.Ready => ready + "\n",
            // The time lets systemd tell this reload from an earlier one (Type=notify-reload); Stopwatch is CLOCK_MONOTONIC.
            ServicePhase.Reloading => $"RELOADING=1\nMONOTONIC_USEC={Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000)}\n",
            ServicePhase.Stopping => "STOPPING=1\n",
            _ => null,
        };
        yield return $"{change}STATUS={report.Status}";
    }
}
