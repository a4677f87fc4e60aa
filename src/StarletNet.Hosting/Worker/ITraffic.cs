namespace StarletNet.Hosting.Worker;

/// <summary>
/// The connections of the server that was given our listeners. An interface because the worker's own thread must also run
/// in a process that cannot load ASP.NET Core.
/// </summary>
internal interface ITraffic
{
    public void StartAccepting();

    public void StopAccepting();

    /// <summary>How many connections there are, and how many of them have no request running.</summary>
    public (int All, int Idle) Count();

    public void CloseHttp2();

    public void CloseIdle();

    public void ListUnfinished(TimeSpan waited);

    public void AbortConnections();
}
