using StarletNet.Shared.Processes;

namespace StartServer.Supervision;

/// <summary>One thing that happened.</summary>
internal abstract record SupervisorEvent;

/// <summary>HUP: start a new generation, then retire the old.</summary>
internal sealed record RestartRequested : SupervisorEvent;

/// <summary>Somebody asks for a deploy and waits for its end, which <see cref="DeployEnded"/> tells.</summary>
/// <param name="Request">The caller's number for it, above 0.</param>
/// <param name="Attempts">How many candidates may fail before the deploy is given up; 0 for any number.</param>
internal sealed record DeployRequested(long Request, int Attempts) : SupervisorEvent
{
    /// <summary>Earlier requests whose callers still wait; a deploy that nobody waits for gives way to this one.</summary>
    internal IReadOnlyList<long> Waiting { get; init; } = [];
}

/// <summary><c>--abort</c>: the deploy that is under way is cancelled.</summary>
/// <param name="Request">The caller's number, above 0; answered by <see cref="AbortEnded"/>.</param>
internal sealed record AbortRequested(long Request) : SupervisorEvent;

/// <summary>TERM, INT or QUIT.</summary>
internal sealed record StopRequested(Signal Signal) : SupervisorEvent;

/// <summary>A signal that has no meaning here, but would by default kill us and leave the generations without a supervisor.</summary>
internal sealed record MeaninglessSignal(Signal Signal) : SupervisorEvent;

/// <summary>The process that <see cref="Spawn"/> asked for exists.</summary>
internal sealed record Spawned(Generation Generation) : SupervisorEvent;

/// <summary>A generation's process has become the program. Until then it is the launcher, whose being alive says nothing.</summary>
internal sealed record Executed(int Generation) : SupervisorEvent;

/// <summary>There could be no process at all.</summary>
/// <param name="IsHopeless">The next attempt would fail in the same way: the program is missing, say.</param>
internal sealed record SpawnFailed(string Reason, bool IsHopeless = false) : SupervisorEvent;

/// <summary>A child has ended.</summary>
internal sealed record Died(int Pid, ChildExit Exit) : SupervisorEvent
{
    /// <summary>The last reason that a candidate has given for not being ready; null if it gave none.</summary>
    internal string? Said { get; init; }

    /// <summary>It has said that the next attempt would fail in the same way.</summary>
    internal bool IsHopeless { get; init; }
}

/// <summary>A generation has sent a believable notification other than READY=1.</summary>
internal sealed record Spoke(int Generation) : SupervisorEvent;

/// <summary>A generation has sent READY=1.</summary>
internal sealed record Ready(int Generation) : SupervisorEvent;

/// <summary>A generation has said how many connections stay with it after all other work is finished.</summary>
internal sealed record Lingers(int Generation, int Connections) : SupervisorEvent;

/// <summary>The policy has been replaced by another: an envdir says something else now.</summary>
internal sealed record PolicyChanged : SupervisorEvent;

/// <summary>The command line is another one now, and with it the listeners.</summary>
/// <param name="Back">It is what it was before a deploy that has failed.</param>
internal sealed record CommandLineChanged(bool Back) : SupervisorEvent;

/// <summary>The probe of a generation has ended.</summary>
/// <param name="Detail">For people: what was wrong.</param>
internal sealed record Probed(int Generation, ProbeOutcome Outcome, string Detail) : SupervisorEvent;

/// <summary>
/// A timer. Timers are never cancelled: each says which generation it is about, and where that is no longer the question it is
/// ignored. So one that runs out in the same moment as something else happens can do no harm.
/// </summary>
internal abstract record TimerEvent(int Generation) : SupervisorEvent;

/// <summary>The next attempt may be made; it will be that generation.</summary>
internal sealed record RetryDue(int Generation) : TimerEvent(Generation);

/// <summary>The candidate has been watched for the interval.</summary>
internal sealed record LookOver(int Generation) : TimerEvent(Generation);

/// <summary>The candidate should have been ready by now.</summary>
internal sealed record ReadyOverdue(int Generation) : TimerEvent(Generation);

/// <summary>The next probe of that generation is due.</summary>
internal sealed record ProbeDue(int Generation) : TimerEvent(Generation);

/// <summary>The rejected candidate should have ended by now.</summary>
internal sealed record GraceOver(int Generation) : TimerEvent(Generation);

/// <summary>That generation was accepted a kill-old-delay ago: all before it get their signal.</summary>
internal sealed record OldDue(int Generation) : TimerEvent(Generation);

/// <summary>The old generation was told to go a drain timeout ago.</summary>
internal sealed record DrainOverdue(int Generation) : TimerEvent(Generation);

/// <summary>The new generation has stood its watch.</summary>
internal sealed record WatchOver(int Generation) : TimerEvent(Generation);

/// <summary>The current generation may be old enough for an automatic restart.</summary>
internal sealed record AutoRestartDue(int Generation) : TimerEvent(Generation);

/// <summary>All generations were told to stop a stop timeout ago.</summary>
internal sealed record StopOverdue() : TimerEvent(Generation: 0);
