using System.Diagnostics;
using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>What follows from an event.</summary>
internal sealed record Step(SupervisorState State, IReadOnlyList<SupervisorAction> Actions);

/// <summary>
/// The whole of supervision as a function: state and event give the next state and what is to be done. Nothing here waits, asks
/// the clock or touches a process. Read <see cref="Decide"/> as the table of decisions; what it does not list cannot happen.
/// How each is carried out stands in the files beside this one: starting, changing, watching, stopping.
/// </summary>
internal sealed partial class Transitions(SupervisionPolicy policy)
{
    /// <summary>Before the first attempt, which <see cref="RetryDue"/> for generation 1 begins.</summary>
    internal static readonly SupervisorState Begin = BeginWith(null);

    /// <param name="attempts">How many attempts of the first start may fail; 0 for any number, null for as many as <c>--max-start-attempts</c> says.</param>
    internal static SupervisorState BeginWith(int? attempts) => new StartDue(Fleet.None, new Goal(Replaces: false, Failures: 0, attempts));

    /// <param name="state">Where we are.</param>
    /// <param name="happened">What happened.</param>
    /// <param name="now">Monotonic time.</param>
    internal Step Next(SupervisorState state, SupervisorEvent happened, TimeSpan now)
    {
        var step = ReleaseListeners(FinishDeploys(Decide(state, happened, now)));
        // Whatever has led to rest, or has changed something there, may have made an automatic restart due.
        var restful = step.State is Serving && (step.State != state || happened is AutoRestartDue or PolicyChanged);
        return restful ? AutoRestart(step, (Serving)step.State, now) : step;
    }

    private Step Decide(SupervisorState state, SupervisorEvent happened, TimeSpan now) => (state, happened) switch
    {
        (_, MeaninglessSignal e) => Stay(state, new Log(Messages.SignalIgnored(e.Signal))),

        // A stop comes before everything else, whatever is under way: a start check, a pause, a watch, a kill-old-delay.
        (Running s, StopRequested e) => Stop(s, e.Signal, now),
        (Stopping s, StopRequested e) => StopAgain(s, e.Signal, now),
        (Stopping s, Died e) => EndedWhileStopping(s, e),
        (Stopping s, StopOverdue) => KillAll(s),
        // The KILL that somebody was promised before the stop is not forgotten.
        (Stopping s, GraceOver e) when Find(s.Remaining, e.Generation) is { } late => Kill(s, late, SupervisionPolicy.RejectGrace),
        (Stopping s, DrainOverdue e) when Find(s.Remaining, e.Generation) is { } late => Kill(s, late, policy.DrainTimeout),
        (Stopping s, Lingers { Connections: > 0 } e) when Find(s.Remaining, e.Generation) is { } lingering => StopsLingering(s, lingering),
        (Stopping or Stopped, Lingers) => Stay(state),
        (Stopping, RestartRequested) => Stay(state, new Log(Messages.RestartIgnored)),
        (Stopping or Stopped, DeployRequested e) => Refuse(state, e, DeployOutcome.Stopping, Messages.StopsInstead),
        (Stopping or Stopped, AbortRequested e) => Stay(state, NothingToAbort(e, Messages.StopsInstead)),
        (Stopping or Stopped, Executed or Spoke or Ready or Probed or PolicyChanged or CommandLineChanged or TimerEvent) => Stay(state),
        (Stopped, StopRequested or RestartRequested or Died) => Stay(state),

        // HUP. It takes the place of a start that is not accepted yet, of a pause in a series that is failing, and of a restart after a
        // crash; a watch goes on beside the new start.
        (Running s, RestartRequested) => Supersede(s, Replacement, Messages.Superseded, new Log(Messages.Restarting)),

        // So does a --restart; but it does not take the place of another one whose caller still waits.
        (Running s, DeployRequested e) when BlockedBy(s, e) => Refuse(state, e, DeployOutcome.Busy, Messages.BusyWith(s)),
        (Running s, DeployRequested e) => Supersede(
            s, Replacement with { Attempts = e.Attempts, Request = e.Request }, Messages.SupersededByRequest, new Log(Messages.Deploying)),

        // --abort: back to what serves; where nothing serves, the start begins anew.
        (StartDue s, AbortRequested e) => Abort(s, e, s.Fleet, s.Goal, now),
        (Trying s, AbortRequested e) => Abort(s, e, now),
        (Serving { Fleet.Probation: not null } s, AbortRequested e) => AbortWatch(s, e, now),
        (Serving s, AbortRequested e) => Stay(state, NothingToAbort(e, Messages.NothingToAbort(s.Fleet))),

        // Making the attempt.
        (StartDue s, RetryDue e) when e.Generation == s.Fleet.LastNumber + 1 => Attempt(s.Fleet, s.Goal),
        (StartDue s, Spawned e) => Watch(s, e.Generation, now),
        (StartDue s, SpawnFailed e) => SpawnFailed(s, e, now),

        // Judging the candidate.
        (Trying s, Died e) when e.Pid == s.Candidate.Pid => CandidateDied(s, e, now),
        (Watching s, Executed e) when IsAbout(s, e.Generation) => Stay(s, new SetTimer(new LookOver(e.Generation), policy.Look)),
        (Watching s, Spoke e) when IsAbout(s, e.Generation) && policy.Readiness != Readiness.Alive => Oblige(s, now),
        (Watching s, Ready e) when IsAbout(s, e.Generation) && policy.Readiness != Readiness.Alive => Started(s, now),
        (Watching s, LookOver e) when IsAbout(s, e.Generation) => Started(s, now),
        (Awaiting s, Ready e) when IsAbout(s, e.Generation) => Started(s, now),
        (Awaiting s, ReadyOverdue e) when IsAbout(s, e.Generation) => Reject(s, complaint: null),
        (Probing s, ProbeDue e) when IsAbout(s, e.Generation) => Stay(s, new Probe(s.Candidate)),
        (Probing s, Probed { Outcome: ProbeOutcome.Answered } e) when IsAbout(s, e.Generation) => Accept(s, now),
        (Probing s, Probed e) when IsAbout(s, e.Generation) => ProbeAgain(s, e.Detail),
        (Probing s, ReadyOverdue e) when IsAbout(s, e.Generation) => Reject(s, s.Complaint),
        (Rejecting s, GraceOver e) when IsAbout(s, e.Generation) => Kill(s, s.Candidate, SupervisionPolicy.RejectGrace),

        // The current one, on probation: if it fails, the one before it takes its place again, whatever is under way.
        (Running { Fleet.Probation: not null } s, Died e) when e.Pid == s.Fleet.Current?.Pid => DiedOnProbation(s, e, now),
        (Running { Fleet.Probation: not null } s, ProbeDue e) when IsCurrent(s, e.Generation) => Stay(s, new Probe(s.Fleet.Current!)),
        (Running { Fleet.Probation: not null } s, Probed e) when IsCurrent(s, e.Generation) => ProbedOnProbation(s, e, now),
        (Running { Fleet.Probation: not null } s, WatchOver e) when IsCurrent(s, e.Generation) => EndWatch(s),

        // Candidates that have been told to stop because something newer has begun.
        (Running s, Died e) when s.Fleet.Discarded.FirstOrDefault(discarded => discarded.Pid == e.Pid) is { } gone => DiscardedDied(s, gone, e),
        (Running s, GraceOver e) when Find(s.Fleet.Discarded, e.Generation) is { } late => Kill(s, late, SupervisionPolicy.RejectGrace),
        (Running s, DrainOverdue e) when Find(s.Fleet.Discarded, e.Generation) is { } late => Kill(s, late, policy.DrainTimeout),

        // The others.
        (Running s, Died e) when e.Pid == s.Fleet.Current?.Pid => CurrentDied(s, e, now),
        (Running s, Died e) when s.Fleet.Old.FirstOrDefault(old => old.Pid == e.Pid) is { } old => OldDied(s, old, e),
        // Not while nobody else serves: the new generation has died meanwhile, and its successor will retire the old ones.
        (Running { Fleet.Current: not null } s, OldDue e) => OldIsDue(s, e.Generation),
        (Running s, Lingers e) when s.Fleet.Told.Contains(e.Generation) && Find(s.Fleet.Old, e.Generation) is { } old => OldLingers(s, old, e.Connections),
        (Running, Lingers) => Stay(state),
        (Running s, DrainOverdue e) when Find(s.Fleet.Old, e.Generation) is { } late => Kill(s, late, policy.DrainTimeout),

        (Running s, CommandLineChanged e) => Stay(s with { Fleet = s.Fleet with { ListenersSince = e.Back ? s.Fleet.Current?.Number : s.Fleet.LastNumber + 1 } }),

        // Next looks at these once the machine is at rest.
        (Running, PolicyChanged or AutoRestartDue) => Stay(state),
        // A child that is nobody's (an orphan, when we are pid 1); words of one already judged, or that --ready=alive does not
        // hear, which change nothing; timers and probes that have nothing to say any more.
        (Running, Died or Executed or Spoke or Ready or Probed or TimerEvent) => Stay(state),

        // Spawn is answered before anything else is looked at, and only StartDue asks for it.
        _ => throw new UnreachableException($"{happened} in {state}"),
    };

    private static readonly Goal Replacement = new(Replaces: true, Failures: 0);

    private static Step Stay(SupervisorState state, params IReadOnlyList<SupervisorAction> actions) => new(state, actions);

    private static bool IsAbout(SupervisorState state, int generation) => state is Trying trying && trying.Candidate.Number == generation;

    private static bool IsCurrent(Running state, int generation) => state.Fleet.Current?.Number == generation;

    private static Generation? Find(IReadOnlyList<Generation> generations, int number) =>
        generations.FirstOrDefault(generation => generation.Number == number);

    private static Step Kill(SupervisorState state, Generation late, TimeSpan after) =>
        Stay(state, new Log(Messages.Killing(late, after)), new Send(ChosenSignal.Kill, [late]));

    private static Step Refuse(SupervisorState state, DeployRequested request, DeployOutcome outcome, string reason) =>
        Stay(state, new Tell(new DeployEnded(request.Request, outcome, reason)));
}
