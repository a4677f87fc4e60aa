using StartServer.Output;

namespace StartServer.Supervision;

/// <summary><c>--watch</c>: a new generation proves itself beside the one it replaced, which serves on meanwhile.</summary>
internal sealed partial class Transitions
{
    /// <summary>Null where there is nobody to fall back to, or nobody asked for it. A deploy during a watch takes its place.</summary>
    private Probation? ProbationAfter(Trying state) => policy.Watch > TimeSpan.Zero && state.Fleet.Current is { } previous
        ? new Probation(previous, state.Fleet.Since, state.Goal.Request)
        : null;

    private IEnumerable<SupervisorAction> BeginWatch(Fleet fleet)
    {
        yield return new Log(Messages.OnProbation(policy.Watch, fleet.Old));
        yield return new SetTimer(new WatchOver(fleet.Current!.Number), policy.Watch);
        if (policy.Probes) yield return new SetTimer(new ProbeDue(fleet.Current.Number), SupervisionPolicy.WatchPause);
    }

    /// <summary>The kill-old-delay begins now, as it would have with the acceptance.</summary>
    private Step EndWatch(Running state)
    {
        var actions = new List<SupervisorAction>();
        var fleet = Retire(state.Fleet with { Probation = null }, actions);
        return new Step(state with { Fleet = fleet }, actions);
    }

    private Step DiedOnProbation(Running state, Died died, TimeSpan now)
    {
        var failed = state.Fleet.Current!;
        return RollBack(state, Messages.Ended(died.Exit), stillRuns: false, now,
            [
                new Log(Messages.DiedOnProbation(failed, died.Exit, state.Fleet.Probation!.Previous)),
                new Tell(new GenerationEnded(failed, died.Exit)),
            ]);
    }

    private Step ProbedOnProbation(Running state, Probed probed, TimeSpan now)
    {
        if (probed.Outcome != ProbeOutcome.Failed)
            return Stay(state, new SetTimer(new ProbeDue(probed.Generation), SupervisionPolicy.WatchPause));
        return RollBack(state, Messages.ProbeFailed(probed.Detail), stillRuns: true, now,
            [new Log(Messages.FailedOnProbation(state.Fleet.Current!, probed.Detail, state.Fleet.Probation!.Previous))]);
    }

    /// <summary>
    /// The one before is current again, as if it had never been replaced; whoever else is left is told to go at once. An attempt or
    /// a pause that is under way (a HUP came during the watch) goes on: it is somebody's next try.
    /// </summary>
    private Step RollBack(Running state, string reason, bool stillRuns, TimeSpan now, List<SupervisorAction> actions)
    {
        var failed = state.Fleet.Current!;
        var (previous, since, request) = state.Fleet.Probation!;
        var others = state.Fleet.Old.Where(old => old != previous);
        var fleet = state.Fleet with
        {
            Current = previous,
            Since = since,
            RenewedAt = now,
            Crashes = 0,
            Probation = null,
            Old = stillRuns ? [.. others, failed] : [.. others],
            Unfinished = [.. state.Fleet.Unfinished.Where(deploy => deploy.Generation != failed)],
            LastFailure = Messages.WhyFailed(failed.Number, reason),
        };
        actions.AddRange(
        [
            new WriteStatus(fleet.All),
            new Tell(new RolledBack(failed, previous, reason)),
        ]);
        if (fleet.Untold is { Count: > 0 } untold) fleet = SignalOld(fleet, untold, actions);
        actions.Add(new Tell(new DeployEnded(request, DeployOutcome.RolledBack, fleet.LastFailure!)));
        return new Step(state with { Fleet = fleet }, actions);
    }
}
