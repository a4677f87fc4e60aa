namespace StarletNet.Hosting.Worker;

/// <summary>How long a worker waits for what, in milliseconds.</summary>
/// <param name="KeepAlive">For a request on a connection that is idle or has sent nothing yet.</param>
/// <param name="Graceful">For everything that is being answered, counted from the beginning of the drain; 0 = no limit.</param>
internal sealed record WorkerClocks(long KeepAlive, long Graceful)
{
    /// <summary>Between the last cut and the end of the process.</summary>
    internal const long AfterAbort = 1_000;

    /// <summary>For the rest of the host, once all is answered, where <see cref="Graceful"/> sets no limit; .NET's own default.</summary>
    internal const long Host = 30_000;

    internal bool Overdue(long since, long now) => Graceful != 0 && now - since >= Graceful;

    internal bool GraceOver(long since, long now) => now - since >= KeepAlive;

    internal long HostDeadline(long since, long now) => Graceful == 0 ? now + Host : Math.Max(since + Graceful, now) + AfterAbort;
}
