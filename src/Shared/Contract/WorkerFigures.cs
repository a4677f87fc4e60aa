namespace StarletNet.Shared.Contract;

/// <summary>A worker as the scoreboard shows it. Moments named <c>At</c> or <c>Since</c> are of the clock that all processes of a machine
/// share (<see cref="Environment.TickCount64"/>), unless it says Unix time; 0: never.</summary>
/// <param name="Pid">0: nobody is there.</param>
/// <param name="Phase">As the worker says itself.</param>
/// <param name="Requests">Completed since it started.</param>
/// <param name="InFlight">Being answered now.</param>
/// <param name="Connections">Open now.</param>
/// <param name="IsTorn">
/// The worker was killed in the middle of a change: what belongs together, such as <paramref name="Pid"/> and <paramref name="Phase"/>, may not.
/// </param>
internal readonly record struct WorkerFigures(int Pid, WorkerPhase Phase, long Requests, int InFlight, int Connections, bool IsTorn)
{
    internal int Slot { get; init; }

    internal int Generation { get; init; }

    /// <summary>Milliseconds of Unix time.</summary>
    internal long StartedAt { get; init; }

    /// <inheritdoc cref="StartedAt"/>
    internal long ReadyAt { get; init; }

    /// <summary>When the latest request began.</summary>
    internal long LastRequestAt { get; init; }

    /// <summary>Answers of 400 to 499.</summary>
    internal long ClientErrors { get; init; }

    /// <summary>Answers of 500 and above.</summary>
    internal long ServerErrors { get; init; }

    /// <summary>Thrown in the process, caught or not.</summary>
    internal long Exceptions { get; init; }

    /// <summary>Counts up for as long as the worker's own thread runs.</summary>
    internal int Beats { get; init; }

    /// <summary>Counts up for as long as its thread pool gets round to new work.</summary>
    internal int PoolBeats { get; init; }

    /// <summary>Somebody debugs it, so that it may well stand still.</summary>
    internal bool IsDebugged { get; init; }

    /// <summary>When it gave the latest sign of life, which is when what follows was true.</summary>
    internal long BeatAt { get; init; }

    internal int PoolThreads { get; init; }

    /// <summary>Work items that wait for a thread.</summary>
    internal long PoolQueue { get; init; }

    /// <summary>Bytes of the managed heap, as of the last collection.</summary>
    internal long Heap { get; init; }

    /// <summary>From clients, as they came over the wire.</summary>
    internal long BytesIn { get; init; }

    /// <summary>To clients, as they went over the wire.</summary>
    internal long BytesOut { get; init; }

    /// <summary>How often an event loop that somebody blocked went on with another thread.</summary>
    internal long TakeOvers { get; init; }

    /// <summary>Method and path of the request that has been running for the longest time; null if none is.</summary>
    internal string? Longest { get; init; }

    internal long LongestSince { get; init; }
}

/// <summary>What a worker writes down at each heartbeat; see <see cref="WorkerFigures"/>.</summary>
internal readonly record struct Vitals(long At, int PoolThreads, long PoolQueue, long Heap, long BytesIn, long BytesOut, long TakeOvers, string? Longest, long LongestSince);
