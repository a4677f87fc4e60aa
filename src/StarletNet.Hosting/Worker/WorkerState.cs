namespace StarletNet.Hosting.Worker;

/// <summary>The life of a worker. Times are milliseconds of a clock that only goes forward.</summary>
internal abstract record WorkerState
{
    /// <summary>The application has not started completely; nothing has been accepted.</summary>
    internal sealed record Booting : WorkerState;

    internal sealed record Serving : WorkerState;

    /// <summary>
    /// The drain's first part. Nothing new is accepted, and the application does not know yet: connections that are idle, or
    /// have sent nothing so far, may still send a request and get it answered by an application in full health.
    /// </summary>
    /// <param name="Since">When the drain began.</param>
    /// <param name="IsOrphan">The master is gone.</param>
    /// <param name="StayUntil">So long may upgraded connections stay; 0: no longer than others.</param>
    internal sealed record Grace(long Since, bool IsOrphan = false, long StayUntil = 0) : WorkerState;

    /// <summary>
    /// Between the two parts: upgraded connections are served as before, everything else drains, and the application does not know yet.
    /// </summary>
    /// <param name="Since">When the drain began.</param>
    /// <param name="StayUntil">When upgraded connections are told to go.</param>
    /// <param name="IsCut">Requests that were unfinished at the graceful timeout are cut.</param>
    /// <param name="Told">The number that the master knows; -1: none, because something else is still to finish.</param>
    /// <param name="ToldAt">When it was told.</param>
    internal sealed record Lingering(long Since, long StayUntil, bool IsCut = false, int Told = -1, long ToldAt = 0) : WorkerState;

    /// <summary>The drain's second part: the application has been told to stop, and what is running may finish.</summary>
    /// <param name="Since">When the drain began, or <see cref="Lingering"/> ended: the graceful timeout counts from here.</param>
    /// <param name="IsOrphan">The master is gone.</param>
    internal sealed record Finishing(long Since, bool IsOrphan = false) : WorkerState;

    /// <summary>Nothing is left to answer. The host stops by itself, or the process is ended at <paramref name="ExitAt"/>.</summary>
    internal sealed record Stopping(long ExitAt) : WorkerState;
}

internal abstract record WorkerEvent
{
    /// <summary>The host that serves has started completely.</summary>
    internal sealed record Started : WorkerEvent;

    /// <summary>Somebody wants the worker gone: the master, a signal, the application itself.</summary>
    /// <param name="Stay">For so many milliseconds upgraded connections may stay.</param>
    internal record StopAsked(long Stay = 0) : WorkerEvent;

    /// <summary>The end of the control channel: a worker never outlives its master.</summary>
    internal sealed record MasterGone : StopAsked;

    /// <summary>Nobody waits for an answer any more.</summary>
    internal sealed record AbortAsked : WorkerEvent;

    /// <summary>A look at the clock and at the connections.</summary>
    internal sealed record Look(int Connections, int Waiting, int Upgraded = 0) : WorkerEvent;
}

internal enum WorkerAction
{
    /// <summary>Take connections from the shared queue.</summary>
    StartAccepting,

    /// <summary>Tell the master that the worker serves.</summary>
    SayReady,

    /// <summary>Tell the master that the worker takes no more connections.</summary>
    SayDraining,

    /// <summary>Take no more connections, except those already promised to us.</summary>
    StopAccepting,

    /// <summary>Close the connections whose time has come: HTTP/2 at once, others when they have been idle for the grace.</summary>
    CloseDue,

    /// <summary>Tell the application to stop, which is how upgraded and streaming requests learn of it.</summary>
    StopHost,

    /// <summary>Write down which requests are about to be cut.</summary>
    ListUnfinished,

    /// <summary>Write down which requests are unfinished and cut them, but no upgraded connection.</summary>
    CutRequests,

    /// <summary>Tell the master how many connections stay.</summary>
    SayLingering,

    AbortConnections,

    /// <summary>Let the server stop, which has been waiting for the drain.</summary>
    ReleaseServer,

    /// <summary>End the process: the host did not do so itself.</summary>
    Exit,
}
