using static StarletNet.Hosting.Worker.WorkerAction;
using static StarletNet.Hosting.Worker.WorkerEvent;
using static StarletNet.Hosting.Worker.WorkerState;

namespace StarletNet.Hosting.Worker;

/// <summary>
/// What a worker does next: (state, event, time) → (state, actions), without side effects.
/// <code>
/// Booting ── Started ──▶ Serving ── StopAsked ──▶ Grace ── none waiting, or keep-alive clock ──▶ Finishing ── none left ──▶ Stopping
///    │                                              └──▶ Lingering ── none upgraded, or its clock ──▶ Finishing
///    └── StopAsked: exit ────────────────────────────┴────── graceful clock, AbortAsked: list, cut ────────┴──────────▶ Stopping
/// </code>
/// </summary>
/// <remarks>
/// <para>The host is stopped (<c>StopApplication</c>) between the two parts of the drain, not before and not after. Before
/// would let idle clients, who cannot know, send requests to an application whose services are shutting down. After would
/// never come for a WebSocket or an event stream, whose handlers end only when <c>ApplicationStopping</c> tells them to. In
/// between, what still runs is exactly what a stopping Kestrel would have left running, so applications know the
/// situation; and since our server's own stop waits until the drain is over, Kestrel's heartbeat (its time limits, the end
/// of HTTP/2 connections) still beats.</para>
/// <para>A second StopAsked changes nothing, except that it may end the stay of upgraded connections: a terminal's ^C reaches several
/// processes, and the master may send TERM after its message.</para>
/// </remarks>
internal static partial class WorkerTransitions
{
    internal static (WorkerState State, IReadOnlyList<WorkerAction> Actions) Next(
        WorkerState state, WorkerEvent happened, long now, WorkerClocks clocks) => (state, happened) switch
        {
            (Booting, Started) => (new Serving(), [StartAccepting, SayReady]),
            // Nothing has been accepted, and a host that is asked to stop in the middle of its start ends in an exception.
            (Booting, StopAsked) => (new Stopping(now), [SayDraining, ReleaseServer, Exit]),
            (Booting, AbortAsked) => (new Stopping(now), [ReleaseServer, Exit]),

            (Serving, StopAsked asked) => (new Grace(now, asked is MasterGone, StayUntil(asked, now)), [StopAccepting, SayDraining, CloseDue]),
            (Serving, AbortAsked) => Cut(now, StopAccepting, SayDraining, AbortConnections, ReleaseServer, StopHost),

            (Grace or Lingering, AbortAsked) => Cut(now, AbortConnections, ReleaseServer, StopHost),
            (Grace s, Look look) when IsOver(s, look, now, clocks) && Stays(s.StayUntil, look, now) => (new Lingering(s.Since, s.StayUntil), [CloseDue]),
            (Grace s, Look) when clocks.Overdue(s.Since, now) => Cut(now, ListUnfinished, AbortConnections, ReleaseServer, StopHost),
            (Grace s, Look look) when look.Waiting == 0 || clocks.GraceOver(s, now) => (new Finishing(s.Since, s.IsOrphan), [CloseDue, StopHost]),
            (Grace, Look) => (state, [CloseDue]),

            (Lingering s, Look look) => Linger(s, look, now, clocks),
            (Lingering s, StopAsked asked) => Shorten(s, asked, now),

            (Finishing, AbortAsked) => Cut(now, AbortConnections, ReleaseServer),
            (Finishing s, Look { Connections: 0 }) => (new Stopping(clocks.HostDeadline(s.Since, now)), [ReleaseServer]),
            (Finishing s, Look) when clocks.Overdue(s.Since, now) => Cut(now, ListUnfinished, AbortConnections, ReleaseServer),
            (Finishing, Look) => (state, [CloseDue]),

            (Stopping, AbortAsked) => (new Stopping(now), [Exit]),
            (Stopping s, Look) when now >= s.ExitAt => (state, [Exit]),

            // From the next look on it hurries.
            (Grace s, MasterGone) => (s with { IsOrphan = true, StayUntil = 0 }, []),
            (Finishing s, MasterGone) => (s with { IsOrphan = true }, []),

            // A host that finishes starting while it is being stopped takes no connections any more; asking twice is once.
            (Serving or Grace or Lingering or Finishing or Stopping, Started) => (state, []),
            (Grace s, StopAsked asked) => (s with { StayUntil = Math.Min(s.StayUntil, StayUntil(asked, now)) }, []),
            (Finishing or Stopping, StopAsked) => (state, []),
            (Booting or Serving or Stopping, Look) => (state, []),
            _ => throw new InvalidOperationException($"no row for {state} and {happened}"),
        };

    private static (WorkerState State, IReadOnlyList<WorkerAction> Actions) Cut(long now, params WorkerAction[] actions) =>
        (new Stopping(now + WorkerClocks.AfterAbort), actions);
}
