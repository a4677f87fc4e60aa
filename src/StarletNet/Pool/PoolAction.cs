using StarletNet.Shared.Processes;

namespace StarletNet.Master.Pool;

/// <summary>What the pool wants done, in this order.</summary>
internal abstract record PoolAction
{
    /// <param name="Worker">To be started.</param>
    /// <param name="Workers">How many the master keeps, for the worker to know.</param>
    internal sealed record Start(Worker Worker, int Workers) : PoolAction;

    /// <param name="Id">The worker.</param>
    /// <param name="Stay">How long its upgraded connections may stay.</param>
    internal sealed record Drain(int Id, TimeSpan Stay = default) : PoolAction;

    internal sealed record Abort(int Id) : PoolAction;

    /// <summary>Ends a worker that does not hear us in a way that leaves traces.</summary>
    internal sealed record Crash(int Id) : PoolAction;

    internal sealed record Kill(int Id) : PoolAction;

    /// <param name="Due">The event that comes back when it runs out; also the key by which it is moved or cancelled.</param>
    /// <param name="Delay">From now.</param>
    internal sealed record SetTimer(PoolEvent Due, TimeSpan Delay) : PoolAction;

    internal sealed record CancelTimer(PoolEvent Due) : PoolAction;

    /// <summary>The first set serves: tell whoever supervises us.</summary>
    internal sealed record AnnounceReady : PoolAction;

    /// <summary>The health answer of every worker says from now on that the service stops.</summary>
    internal sealed record FailHealth : PoolAction;

    /// <summary>Tell the supervisor how many connections stay with this generation.</summary>
    internal sealed record AnnounceLingering(int Connections) : PoolAction;

    /// <summary>Nobody is left: the master ends.</summary>
    internal sealed record End(int ExitCode) : PoolAction;

    /// <summary>For the log; each step is told once, here, where it is decided.</summary>
    internal sealed record Tell(PoolNotice Notice) : PoolAction;
}

/// <summary>What an operator is told.</summary>
internal abstract record PoolNotice
{
    internal sealed record BecameReady(Worker Worker, TimeSpan After) : PoolNotice;

    /// <param name="Worker">The worker.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="IsFast">It does not finish what it has begun.</param>
    internal sealed record Retiring(Worker Worker, RetireReason Reason, bool IsFast) : PoolNotice;

    /// <summary>It serves on until another has taken its place.</summary>
    internal sealed record ToBeReplaced(Worker Worker, RetireReason Reason) : PoolNotice;

    internal sealed record Recovered(Worker Worker) : PoolNotice;

    /// <summary>It drains, and nobody here asked for it.</summary>
    internal sealed record LeavesByItself(Worker Worker) : PoolNotice;

    /// <summary>It ended as it was asked to.</summary>
    internal sealed record Left(Worker Worker, ChildExit Exit) : PoolNotice;

    /// <summary>It ended although it was ready.</summary>
    internal sealed record Died(Worker Worker, ChildExit Exit, TimeSpan ReadyFor) : PoolNotice;

    /// <summary>It ended, or could not be made, before it was ready.</summary>
    /// <param name="Worker">The worker.</param>
    /// <param name="Exit">Null: no process was made.</param>
    internal sealed record FailedToStart(Worker Worker, ChildExit? Exit) : PoolNotice;

    internal sealed record WaitsToStart(TimeSpan Delay, int Failures) : PoolNotice;

    /// <param name="Worker">The worker.</param>
    /// <param name="Limit">So long it had.</param>
    /// <param name="IsForCaller">Its own limit is longer; whoever started us would have given us up in a moment.</param>
    internal sealed record BootTookTooLong(Worker Worker, TimeSpan Limit, bool IsForCaller = false) : PoolNotice;

    internal sealed record DrainTookTooLong(Worker Worker) : PoolNotice;

    /// <param name="Generation">That takes over.</param>
    /// <param name="Workers">All there are.</param>
    /// <param name="AtOnce">So many of them, once the first has shown that the generation can serve.</param>
    internal sealed record RestartBegun(int Generation, int Workers, int AtOnce) : PoolNotice;

    internal sealed record RestartDone(int Generation) : PoolNotice;

    internal sealed record RestartGivenUp(int Generation, int Failures) : PoolNotice;

    internal sealed record RestartIgnored : PoolNotice;

    internal sealed record StartGivenUp(int Failures) : PoolNotice;

    /// <param name="Cause">Of the stop.</param>
    /// <param name="Workers">All there are.</param>
    /// <param name="IsFast">They do not finish what they have begun.</param>
    internal sealed record Stopping(StopCause Cause, int Workers, bool IsFast) : PoolNotice;

    /// <param name="Workers">So many, one each <paramref name="Interval"/>.</param>
    /// <param name="Interval">The spawn interval.</param>
    internal sealed record StoppingInStages(int Workers, TimeSpan Interval) : PoolNotice;

    /// <summary>The stop begins after the delay; until then the workers serve.</summary>
    internal sealed record StopDelayed(StopCause Cause, TimeSpan Delay) : PoolNotice;

    /// <summary>Nothing is left but connections that may stay.</summary>
    internal sealed record Lingers(int Connections) : PoolNotice;

    /// <summary>Connections that were allowed to stay are told to go.</summary>
    internal sealed record LingeringEnds(StopCause Cause) : PoolNotice;

    internal sealed record StoppingFaster(StopCause Cause, StopHaste Haste) : PoolNotice;

    internal sealed record WorkersChanged(int Workers) : PoolNotice;

    /// <summary>There are as many, or as few, as there may be.</summary>
    internal sealed record WorkersAtLimit(int Workers) : PoolNotice;
}

/// <summary>Why a worker is told to leave.</summary>
internal enum RetireReason
{
    /// <summary>Another worker serves its slot now.</summary>
    Replaced,

    /// <summary>It had not started yet when a newer generation was asked for, or its generation was given up.</summary>
    Superseded,

    /// <summary>Fewer workers are wanted.</summary>
    TooMany,

    /// <summary>The master stops.</summary>
    Stop,

    /// <summary>It got a signal, or its application stopped itself.</summary>
    OwnWish,

    /// <summary>It has answered as many requests as it may (<c>--max-reqs-per-child</c>).</summary>
    Requests,

    /// <summary>The application asked for it (<c>psgix.harakiri.commit</c>).</summary>
    Harakiri,

    /// <summary>A request goes on although it was cut (<c>--request-timeout</c>).</summary>
    Overdue,

    /// <summary>It uses more memory than it may (<c>--worker-max-memory</c>).</summary>
    Memory,

    /// <summary>It has served for as long as it may (<c>--worker-max-age</c>).</summary>
    Age,

    /// <summary>It gives no sign of life (<c>--worker-timeout</c>).</summary>
    Stuck,
}
