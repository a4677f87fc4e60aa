namespace StarletNet.Hosting.Worker;

/// <summary>
/// The connections of the server that was given our listeners. An interface because the worker's own thread must also run
/// in a process that cannot load ASP.NET Core.
/// </summary>
internal interface ITraffic
{
    public void StartAccepting();

    public void StopAccepting();

    /// <summary>
    /// How many connections there are, on how many of them a request may still come in good faith, and how many are upgraded.
    /// </summary>
    public (int All, int Waiting, int Upgraded) Count();

    /// <summary>All that went over the wire so far, and the request that has been running for the longest time.</summary>
    public TrafficFigures Measure();

    /// <summary>
    /// Asks connections to close: those known to speak HTTP/2 at once, since their clients move without loss, the others when
    /// they have been idle for the whole grace, counted for each from the moment it became idle. A client whose long answer
    /// ended during the drain without announcing a close gets the same chance of one more request.
    /// </summary>
    /// <param name="grace">In milliseconds.</param>
    public void CloseDue(long grace);

    /// <summary>All running requests, in words.</summary>
    public IReadOnlyCollection<string> Running();

    public void ListUnfinished(TimeSpan waited);

    /// <summary>Writes down which requests are unfinished and cuts them. Upgraded connections stay.</summary>
    public void CutRequests(TimeSpan waited);

    public void AbortConnections();
}

/// <summary>What the scoreboard shows of the traffic.</summary>
/// <param name="TakeOvers">Of event loops.</param>
/// <param name="Longest">Method and path; null if nothing runs.</param>
/// <param name="LongestSince"><see cref="Environment.TickCount64"/>.</param>
internal readonly record struct TrafficFigures(long BytesIn, long BytesOut, long TakeOvers, string? Longest, long LongestSince);
