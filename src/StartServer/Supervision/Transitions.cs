using System.Diagnostics;
using StarletNet.Shared.Processes;
using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>What follows from an event.</summary>
internal sealed record Step(SupervisorState State, IReadOnlyList<SupervisorAction> Actions);

/// <summary>
/// The whole of supervision as a function: state and event give the next state and what is to be done. Nothing here waits, asks
/// the clock or touches a process. Read <see cref="Next"/> as the table of decisions; what it does not list cannot happen.
/// </summary>
internal sealed class Transitions(SupervisionPolicy policy)
{
    /// <summary>Before the first attempt, which <see cref="RetryDue"/> for generation 1 begins.</summary>
    internal static readonly SupervisorState Begin = new StartDue(Fleet.None, new Goal(Replaces: false, Failures: 0));

    /// <param name="state">Where we are.</param>
    /// <param name="happened">What happened.</param>
    /// <param name="now">Monotonic time.</param>
    internal Step Next(SupervisorState state, SupervisorEvent happened, TimeSpan now) => (state, happened) switch
    {
        (_, MeaninglessSignal e) => Stay(state, new Log(Messages.SignalIgnored(e.Signal))),

        // A stop comes before everything else, whatever is under way: a start check, a pause, a kill-old-delay.
        (Running s, StopRequested e) => Stop(s, e.Signal, now),
        (Stopping s, StopRequested e) => StopAgain(s, e.Signal, now),
        (Stopping s, Died e) => EndedWhileStopping(s, e),
        (Stopping, RestartRequested) => Stay(state, new Log(Messages.RestartIgnored)),
        // The KILL that a rejected candidate was promised is not forgotten.
        (Stopping s, GraceOver e) when s.Remaining.FirstOrDefault(g => g.Number == e.Generation) is { } late => Kill(s, late),
        (Stopping, Executed or Spoke or Ready or TimerEvent) => Stay(state),
        (Stopped, StopRequested or RestartRequested or Died or Executed or Spoke or Ready or TimerEvent) => Stay(state),

        // HUP. During a start it is remembered and never cuts the check; a series that is failing is begun afresh.
        (Serving s, RestartRequested) => Attempt(s.Fleet, new Goal(Replaces: true, Failures: 0), new Log(Messages.Restarting)),
        (StartDue s, RestartRequested) => Attempt(s.Fleet, new Goal(Replaces: true, Failures: 0), new Log(Messages.Restarting)),
        (Trying { Again: false } s, RestartRequested) => new Step(s with { Again = true }, [new Log(Messages.RestartRemembered)]),
        (Trying { Again: true }, RestartRequested) => Stay(state),

        (Running, DeployRequested e) => Stay(state, new Tell(new DeployEnded(e.Request, DeployOutcome.Busy, Messages.Busy))),
        (Stopping or Stopped, DeployRequested e) => Stay(state, new Tell(new DeployEnded(e.Request, DeployOutcome.Stopping, Messages.StopsInstead))),

        // Making the attempt.
        (StartDue s, RetryDue e) when e.Generation == s.Fleet.LastNumber + 1 => Attempt(s.Fleet, s.Goal),
        (StartDue s, Spawned e) => Watch(s, e.Generation, now),
        (StartDue s, SpawnFailed e) => AttemptFailed(s.Fleet, s.Goal, startedAt: now, now, new Log(Messages.SpawnFailed(e.Reason))),

        // Judging the candidate.
        (Trying s, Died e) when e.Pid == s.Candidate.Pid => CandidateDied(s, e, now),
        (Watching s, Executed e) when IsAbout(s, e.Generation) => Stay(s, new SetTimer(new LookOver(e.Generation), policy.Look)),
        (Watching or Awaiting, Ready e) when IsAbout(state, e.Generation) => Accept((Trying)state, now),
        (Watching s, Spoke e) when IsAbout(s, e.Generation) => Oblige(s, now),
        (Watching s, LookOver e) when IsAbout(s, e.Generation) => Accept(s, now),
        (Awaiting s, ReadyOverdue e) when IsAbout(s, e.Generation) => Reject(s),
        (Rejecting s, GraceOver e) when IsAbout(s, e.Generation) => Kill(s, s.Candidate),

        // The others.
        (Running s, Died e) when e.Pid == s.Fleet.Current?.Pid => CurrentDied(s, e, now),
        (Running s, Died e) when s.Fleet.Old.Any(old => old.Pid == e.Pid) => OldDied(s, e),
        // Not while nobody else serves: the new generation has died meanwhile, and its successor will retire the old ones.
        (Running { Fleet.Current: not null } s, OldDue e) => OldIsDue(s, e.Generation),
        (Running s, OldDue) => Stay(s),

        // A child that is nobody's (an orphan, when we are pid 1); words of one already judged, which change nothing;
        // timers that have nothing to say any more.
        (Running, Died or Executed or Spoke or Ready or TimerEvent) => Stay(state),

        // Spawn is answered before anything else is looked at, and only StartDue asks for it.
        _ => throw new UnreachableException($"{happened} in {state}"),
    };

    private static Step Stay(SupervisorState state, params IReadOnlyList<SupervisorAction> actions) => new(state, actions);

    private static bool IsAbout(SupervisorState state, int generation) => state is Trying trying && trying.Candidate.Number == generation;

    // ---- starting ------------------------------------------------------------------------------------------------------

    /// <summary>Every attempt has a number of its own, also one that fails before there is a process.</summary>
    private static Step Attempt(Fleet fleet, Goal goal, params IEnumerable<SupervisorAction> before)
    {
        var number = fleet.LastNumber + 1;
        return new Step(new StartDue(fleet with { LastNumber = number }, goal), [.. before, new Spawn(number)]);
    }

    private static Step Watch(StartDue state, Generation candidate, TimeSpan now) => new(
        new Watching(state.Fleet, state.Goal, candidate, StartedAt: now, Again: false),
        [new Log(Messages.StartingWorker(candidate))]);

    private Step Oblige(Watching state, TimeSpan now) => new(
        new Awaiting(state.Fleet, state.Goal, state.Candidate, state.StartedAt, state.Again),
        policy.ReadyTimeout == TimeSpan.Zero
            ? []
            : [new SetTimer(new ReadyOverdue(state.Candidate.Number), state.StartedAt + policy.ReadyTimeout - now)]);

    private Step Reject(Awaiting state) => new(
        new Rejecting(state.Fleet, state.Goal, state.Candidate, state.StartedAt, state.Again),
        [
            new Log(Messages.NotReady(state.Candidate, policy.ReadyTimeout, policy.OnTerm)),
            new Send(policy.OnTerm, [state.Candidate]),
            new SetTimer(new GraceOver(state.Candidate.Number), SupervisionPolicy.RejectGrace),
        ]);

    private static Step Kill(SupervisorState state, Generation late) =>
        Stay(state, new Log(Messages.Killing(late)), new Send(ChosenSignal.Kill, [late]));

    private Step CandidateDied(Trying state, Died died, TimeSpan now)
    {
        var failed = new Log(Messages.FailedToStart(state.Candidate, died.Exit));
        // The HUP that came meanwhile may mean a better program than the one that has just failed: no pause before it.
        return state.Again
            ? Attempt(state.Fleet, new Goal(Replaces: true, Failures: 0), failed, new Log(Messages.Restarting))
            : AttemptFailed(state.Fleet, state.Goal, state.StartedAt, now, failed);
    }

    /// <summary>The failure is said at once; the pause counts from the start of the attempt, so that attempts are evenly spaced.</summary>
    private Step AttemptFailed(Fleet fleet, Goal goal, TimeSpan startedAt, TimeSpan now, Log failure)
    {
        var next = goal with { Failures = goal.Failures + 1 };
        var wait = startedAt + policy.Pace(next.Failures) - now;
        return new Step(new StartDue(fleet, next), [failure, .. Pause(fleet, wait)]);
    }

    private IEnumerable<SupervisorAction> Pause(Fleet fleet, TimeSpan wait)
    {
        if (wait < TimeSpan.Zero) wait = TimeSpan.Zero;
        // Pauses within the interval are Server::Starter's own and go without saying.
        if (wait > policy.Look) yield return new Log(Messages.NextAttemptIn(wait));
        yield return new SetTimer(new RetryDue(fleet.LastNumber + 1), wait);
    }

    // ---- the change of generations -------------------------------------------------------------------------------------

    /// <summary>The status file shows both generations before the old one hears of it.</summary>
    private Step Accept(Trying state, TimeSpan now)
    {
        var fleet = state.Fleet with
        {
            Current = state.Candidate,
            Since = now,
            Crashes = state.Goal.Replaces ? 0 : state.Fleet.Crashes,
            Old = state.Fleet.All,
            RetirementOwed = state.Goal.Replaces || state.Fleet.RetirementOwed,
        };
        List<SupervisorAction> actions = [new WriteStatus(fleet.All), new TellReady(Messages.Serving(state.Candidate))];
        // A generation that fills a gap retires nobody, unless the one whose gap it fills died before it could.
        if (fleet.RetirementOwed) actions.AddRange(Retire(fleet));
        if (policy.KillOldDelay == TimeSpan.Zero) fleet = fleet with { RetirementOwed = false };
        return state.Again
            ? Attempt(fleet, new Goal(Replaces: true, Failures: 0), [.. actions, new Log(Messages.Restarting)])
            : new Step(new Serving(fleet), actions);
    }

    private IEnumerable<SupervisorAction> Retire(Fleet fleet)
    {
        yield return new Log(Messages.NewWorkerRunning(policy.OnHup, fleet.Old));
        if (policy.KillOldDelay == TimeSpan.Zero)
        {
            foreach (var action in SignalOld(fleet.Old)) yield return action;
            yield break;
        }
        yield return new Log(Messages.Sleeping(policy.KillOldDelay));
        yield return new SetTimer(new OldDue(fleet.Current!.Number), policy.KillOldDelay);
    }

    private Step OldIsDue(Running state, int generation)
    {
        var fleet = state.Fleet with { RetirementOwed = state.Fleet.RetirementOwed && state.Fleet.Current!.Number != generation };
        return new Step(state with { Fleet = fleet }, SignalOld([.. fleet.Old.Where(old => old.Number < generation)]));
    }

    /// <summary>All of them, also those that were told before.</summary>
    private SupervisorAction[] SignalOld(IReadOnlyList<Generation> old) => [new Log(Messages.KillingOld), new Send(policy.OnHup, old)];

    private static Step OldDied(Running state, Died died)
    {
        var fleet = state.Fleet with { Old = [.. state.Fleet.Old.Where(old => old.Pid != died.Pid)] };
        return new Step(state with { Fleet = fleet }, [new Log(Messages.OldWorkerDied(died.Pid, died.Exit)), new WriteStatus(fleet.All)]);
    }

    /// <summary>
    /// Nobody serves now. The dead one stays in the status file until the next is accepted, as with Server::Starter. A candidate
    /// that is being tried is the replacement; a pause between attempts ends; else one attempt follows at once, and only those
    /// after it are spaced, so that a program that dies just after its start check does not spin.
    /// </summary>
    private Step CurrentDied(Running state, Died died, TimeSpan now)
    {
        var young = now - state.Fleet.Since < SupervisionPolicy.Healthy;
        var fleet = state.Fleet with { Current = null, Crashes = young ? state.Fleet.Crashes + 1 : 1 };
        var log = new Log(Messages.DiedUnexpectedly(died.Pid, died.Exit));
        if (state is Trying) return new Step(state with { Fleet = fleet }, [log]);
        if (state is StartDue due) return Attempt(fleet, due.Goal, log);
        var goal = new Goal(Replaces: false, Failures: 0);
        if (fleet.Crashes == 1 && EndedAsIfAsked(died.Exit))
            return new Step(new StartDue(fleet, goal), [log, .. Pause(fleet, SupervisionPolicy.StopMayFollow)]);
        return fleet.Crashes == 1
            ? Attempt(fleet, goal, log)
            : new Step(new StartDue(fleet, goal), [log, .. Pause(fleet, policy.Pace(fleet.Crashes - 1))]);
    }

    /// <summary>
    /// A terminal's ^C, or a stop of the whole service by its manager, reaches program and supervisor at the same time, and the
    /// program may be gone before we have heard of it. Clean exits and deaths by a stop signal therefore wait a moment for the
    /// signal that explains them, instead of starting a generation only to stop it.
    /// </summary>
    private static bool EndedAsIfAsked(ChildExit exit) =>
        exit.IsSignal ? exit.Signal == Signal.Term || exit.Signal == Signal.Int || exit.Signal == Signal.Quit : exit.Code is 0 or 130 or 131 or 143;

    // ---- stopping ------------------------------------------------------------------------------------------------------

    private Step Stop(Running state, Signal received, TimeSpan now)
    {
        Generation[] all = state is Trying trying ? [.. state.Fleet.All, trying.Candidate] : [.. state.Fleet.All];
        // INT is a person's at the terminal: always a plain TERM. QUIT is taken as TERM is.
        var signal = received == Signal.Int ? ChosenSignal.Term : policy.OnTerm;
        List<SupervisorAction> actions =
        [
            new Log(Messages.Stopping(received, signal, all)),
            new Send(signal, all),
            new TellStopping(Messages.WaitingFor(all)),
            new CloseListeners(),
        ];
        if (all.Length > 0) return new Step(new Stopping(all, signal, Requests: 1, now), actions);
        return new Step(new Stopped(), [.. actions, new Log(Messages.Exiting)]);
    }

    /// <summary>The second request says the same again, the third kills.</summary>
    private static Step StopAgain(Stopping state, Signal received, TimeSpan now)
    {
        if (now - state.LastRequest < SupervisionPolicy.OneWish) return Stay(state);
        var signal = state.Requests == 1 ? state.Signal : ChosenSignal.Kill;
        return new Step(
            state with { Requests = state.Requests + 1, LastRequest = now },
            [new Log(Messages.Stopping(received, signal, state.Remaining)), new Send(signal, state.Remaining)]);
    }

    private static Step EndedWhileStopping(Stopping state, Died died)
    {
        Generation[] remaining = [.. state.Remaining.Where(generation => generation.Pid != died.Pid)];
        if (remaining.Length == state.Remaining.Count) return Stay(state);
        List<SupervisorAction> actions = [new Log(Messages.WorkerDied(died.Pid, died.Exit)), new WriteStatus(remaining)];
        if (remaining.Length > 0) return new Step(state with { Remaining = remaining }, actions);
        return new Step(new Stopped(), [.. actions, new Log(Messages.Exiting)]);
    }
}
