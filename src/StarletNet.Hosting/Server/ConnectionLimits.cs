namespace StarletNet.Hosting.Server;

/// <summary>
/// What each connection is held to by us rather than by Kestrel, whose clock ticks once per second and adds up to two. Times in
/// milliseconds; 0: no limit of ours.
/// </summary>
internal sealed record ConnectionLimits
{
    /// <summary>For a request's head: from the first byte, on a fresh connection from the beginning.</summary>
    internal long Head { get; init; }

    /// <summary>Between the end of a response and the first byte of the next request.</summary>
    internal long Idle { get; init; }

    /// <summary>For a single wait for more of a body.</summary>
    internal long Stall { get; init; }

    /// <summary>For a single wait until the client takes more of an answer.</summary>
    internal long AnswerStall { get; init; }

    /// <summary>For the application, from a request's head to the end of its answer.</summary>
    internal long Request { get; init; }

    /// <summary>After that, for the application to notice that the request has been given up.</summary>
    internal long RequestGrace { get; init; } = 10_000;

    /// <summary>Requests on one connection; 0: as many as the client likes.</summary>
    internal long MaxRequests { get; init; }

    /// <summary>Value of the header Server, where the application does not set it; null: as Kestrel does, empty: none.</summary>
    internal string? ServerSoftware { get; init; }

    /// <summary>Whether expectations other than 100-continue are refused.</summary>
    internal bool RefusesExpectations { get; init; }

    /// <summary>Whether an answer's header may ask for the worker to be replaced.</summary>
    internal bool HarakiriHeader { get; init; }

    internal bool NeedClock => (Head | Idle | Stall | AnswerStall | Request) != 0;
}
