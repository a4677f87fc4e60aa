using StarletNet.Shared.Processes;
using StartServer.Output;

namespace StartServer.Supervision;

/// <summary>The final stop, asked for or because nothing can be started.</summary>
internal sealed partial class Transitions
{
    private Step Stop(Running state, Signal received, TimeSpan now)
    {
        Generation[] unaccepted = state is Trying { Candidate: var candidate } ? [.. state.Fleet.Discarded, candidate] : [.. state.Fleet.Discarded];
        Generation[] all = [.. state.Fleet.All, .. unaccepted];
        var signal = SignalFor(received);
        return StopAll(all, unaccepted, signal, Abort(state), now, gaveUp: false, new Log(Messages.Stopping(received, signal, all)));
    }

    /// <summary>The attempts are used up and nobody serves. Old generations that still drain are told to stop as well.</summary>
    private Step GiveUp(Fleet fleet, int failures, TimeSpan now, IReadOnlyList<SupervisorAction> failure) => StopAll(
        fleet.Everybody, fleet.Discarded, policy.OnTerm, AbortUnfinished(fleet), now, gaveUp: true, [.. failure, new Log(Messages.GaveUp(failures))]);

    private Step StopAll(
        IReadOnlyList<Generation> all, IReadOnlyList<Generation> unaccepted, ChosenSignal signal, IEnumerable<SupervisorAction> deploys, TimeSpan now, bool gaveUp,
        params IReadOnlyList<SupervisorAction> before)
    {
        List<SupervisorAction> actions =
            [.. before, new Send(signal, all), new CloseListeners(), .. deploys];
        if (all.Count == 0) return new Step(new Stopped(gaveUp), [.. actions, new Log(Messages.Exiting)]);
        if (policy.StopTimeout > TimeSpan.Zero) actions.Add(new SetTimer(new StopOverdue(), policy.StopTimeout));
        return new Step(new Stopping(all, signal, Requests: 1, now, gaveUp) { Unaccepted = unaccepted }, actions);
    }

    /// <summary>INT is a person's at the terminal: always a plain TERM. QUIT is taken as TERM is.</summary>
    private ChosenSignal SignalFor(Signal received) => received == Signal.Int ? ChosenSignal.Term : policy.OnTerm;

    /// <summary>
    /// The second request says the same again, the third kills. Within a second they are one wish; but if that began with INT, the
    /// TERM that follows still brings the signal that was chosen for it.
    /// </summary>
    private Step StopAgain(Stopping state, Signal received, TimeSpan now)
    {
        var signal = SignalFor(received);
        if (now - state.LastRequest < SupervisionPolicy.OneWish)
        {
            var better = state.Signal == ChosenSignal.Term && received != Signal.Int && signal != ChosenSignal.Term;
            return better ? SendAgain(state with { Signal = signal }, received) : Stay(state);
        }
        var requests = state.Requests + 1;
        return SendAgain(
            state with { Requests = requests, LastRequest = now, Signal = requests > 2 ? ChosenSignal.Kill : signal }, received);
    }

    private static Step SendAgain(Stopping state, Signal received) =>
        new(state, [new Log(Messages.Stopping(received, state.Signal, state.Remaining)), new Send(state.Signal, state.Remaining)]);

    private Step KillAll(Stopping state) => Stay(
        state, new Log(Messages.StopOverdue(state.Remaining, policy.StopTimeout)), new Send(ChosenSignal.Kill, state.Remaining));

    private static Step EndedWhileStopping(Stopping state, Died died)
    {
        if (state.Remaining.FirstOrDefault(generation => generation.Pid == died.Pid) is not { } ended) return Stay(state);
        Generation[] remaining = [.. state.Remaining.Where(generation => generation != ended)];
        List<SupervisorAction> actions =
        [
            new Log(Messages.WorkerDied(died.Pid, died.Exit)),
            new WriteStatus([.. remaining.Where(generation => !state.Unaccepted.Contains(generation))]),
            new Tell(new GenerationEnded(ended, died.Exit)),
        ];
        if (remaining.Length > 0) return new Step(state with { Remaining = remaining }, actions);
        return new Step(new Stopped(state.GaveUp), [.. actions, new Log(Messages.Exiting)]);
    }

    /// <summary>Whoever waits for a deploy learns that it will not end.</summary>
    private static IEnumerable<SupervisorAction> Abort(Running state)
    {
        var goal = state switch { Trying trying => trying.Goal, StartDue due => due.Goal, _ => null };
        var deploy = goal is { Replaces: true } ? goal : goal?.Pending;
        var unfinished = AbortUnfinished(state.Fleet);
        return deploy is null ? unfinished : unfinished.Append(Aborted(deploy.Request));
    }

    private static IEnumerable<SupervisorAction> AbortUnfinished(Fleet fleet) => fleet.Unfinished.Select(deploy => Aborted(deploy.Request));

    private static Tell Aborted(long request) => new(new DeployEnded(request, DeployOutcome.Stopping, Messages.StopsInstead));
}
