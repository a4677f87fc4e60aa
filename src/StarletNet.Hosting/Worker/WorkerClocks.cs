namespace StarletNet.Hosting.Worker;

/// <summary>How long a worker waits for what, in milliseconds.</summary>
/// <param name="KeepAlive">For a request on a connection that is idle or has sent nothing yet.</param>
/// <param name="Graceful">For everything that is being answered, counted from the beginning of the drain; 0 = no limit.</param>
internal sealed record WorkerClocks(long KeepAlive, long Graceful)
{
    /// <summary>Between the last cut and the end of the process.</summary>
    internal const long AfterAbort = 1_000;

    /// <summary>The most that <see cref="KeepAlive"/> is when the master is gone: nobody counts this worker any more, and others are started beside it.</summary>
    internal const long OrphanKeepAlive = 1_000;

    /// <summary>For the rest of the host, once all is answered, where <see cref="Graceful"/> sets no limit; .NET's own default.</summary>
    internal const long Host = 30_000;

    internal bool Overdue(long since, long now) => Graceful != 0 && now - since >= Graceful;

    internal bool GraceOver(WorkerState.Grace grace, long now) => now - grace.Since >= KeepAliveIn(grace);

    /// <summary>How long connections may be idle, as things are.</summary>
    internal long KeepAliveIn(WorkerState state) =>
        state is WorkerState.Grace { IsOrphan: true } or WorkerState.Finishing { IsOrphan: true } ? Math.Min(KeepAlive, OrphanKeepAlive) : KeepAlive;

    internal long HostDeadline(long since, long now) => Graceful == 0 ? now + Host : Math.Max(since + Graceful, now) + AfterAbort;
}
