using Microsoft.Extensions.Logging;
using StarletNet.Hosting.AccessLog;
using StarletNet.Hosting.Transport;
using StarletNet.Hosting.Worker;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Server;

/// <summary>All connections of the worker, as the drain sees them.</summary>
/// <param name="transport">Whose connections they are.</param>
/// <param name="scoreboard">Where they are counted.</param>
/// <param name="limits">What each connection is held to.</param>
/// <param name="leave">Asks for this worker to be replaced.</param>
/// <param name="log">The application's.</param>
internal sealed class Traffic(
    EpollTransport transport, ScoreboardPlace scoreboard, ConnectionLimits limits, Action leave, ILogger log) : ITraffic, IDisposable
{
    private const int MostListed = 20;

    private readonly Deadlines? _deadlines = limits.NeedClock ? new Deadlines() : null;
    private volatile bool _draining;
    private long _drainBegan;

    internal EpollTransport Transport => transport;

    internal ScoreboardPlace Scoreboard => scoreboard;

    internal bool Draining => _draining;

    /// <summary>Null: there is none.</summary>
    internal AccessLogWriter? AccessLog { get; init; }

    /// <summary>Null: paths are not counted.</summary>
    internal AnsweredPaths? AnsweredPaths { get; init; }

    internal ConnectionLimits Limits => limits;

    /// <summary>Called before Kestrel sees the connection, so that its requests find their place.</summary>
    internal void Accepted(EpollConnection connection, HttpVersions http)
    {
        var requests = new ConnectionRequests(connection, this);
        connection.Features.Set(requests);
        if (_deadlines is not null) requests.Watch(_deadlines);
        connection.Routes = requests;
        if (http == HttpVersions.Http2) requests.SpeaksHttp2();
    }

    public void StartAccepting() => transport.StartAccepting();

    public void StopAccepting()
    {
        // First, so that no response starts between the two without announcing the close.
        _drainBegan = Environment.TickCount64;
        _draining = true;
        transport.StopAccepting();
    }

    public (int All, int Waiting, int Upgraded) Count()
    {
        // The number first: a connection that Kestrel is just being handed counts as waiting, never as gone.
        var all = transport.Connections.Count;
        int told = 0, upgraded = 0;
        foreach (var requests in Requests)
        {
            if (!requests.MaySendMore) told++;
            if (requests.IsUpgraded) upgraded++;
        }
        return (all, all - told, upgraded);
    }

    public TrafficFigures Measure()
    {
        var (received, sent) = transport.Connections.Bytes;
        RunningRequest? longest = null;
        var since = long.MaxValue;
        foreach (var requests in Requests)
        {
            if (requests.Longest() is not var (request, began) || began >= since) continue;
            (longest, since) = (request, began);
        }
        // It may have ended meanwhile, and its place been taken by another: an operator's glance can stand that.
        return new TrafficFigures(received, sent, transport.TakeOvers, longest?.Name, longest is null ? 0 : since);
    }

    public void CloseDue(long grace)
    {
        var idleSince = Environment.TickCount64 - grace;
        var graceOver = _drainBegan <= idleSince;
        foreach (var requests in Requests)
        {
            if (requests.MovesWithoutLoss || (graceOver && requests.IdleSince <= idleSince)) requests.AskToClose();
        }
    }

    public IReadOnlyCollection<string> Running() => [.. Requests.SelectMany(r => r.Describe(Environment.TickCount64))];

    public void ListUnfinished(TimeSpan waited) => List([.. Requests.SelectMany(r => r.Describe(Environment.TickCount64))], waited);

    public void CutRequests(TimeSpan waited)
    {
        var all = Requests.ToList();
        List([.. all.SelectMany(r => r.DescribeRequests(Environment.TickCount64))], waited);
        foreach (var requests in all) requests.AbortRequests();
    }

    private void List(List<string> unfinished, TimeSpan waited)
    {
        if (unfinished.Count == 0) return;
        var more = unfinished.Count > MostListed ? $", and {unfinished.Count - MostListed} more" : "";
        WorkerLog.Unfinished(log, unfinished.Count, waited.TotalSeconds, string.Join(", ", unfinished.Take(MostListed)) + more);
    }

    internal void RequestCut(string request) => WorkerLog.RequestCut(log, request);

    internal void RequestStuck(string request)
    {
        WorkerLog.RequestStuck(log, request, limits.RequestGrace / 1000.0);
        leave();
    }

    internal void ClockFailed(string connection, Exception exception) => WorkerLog.ClockFailed(log, connection, exception);

    internal void CloseCallbackFailed(string connection, Exception exception) => WorkerLog.CloseCallbackFailed(log, connection, exception);

    public void Dispose() => _deadlines?.Dispose();

    public void AbortConnections()
    {
        var all = Requests.ToList();
        foreach (var requests in all) requests.Abort();
        // When nothing has to wait for it any more: the log may be a pipe that nobody reads.
        foreach (var requests in all) requests.WriteCut();
    }

    private IEnumerable<ConnectionRequests> Requests =>
        transport.Connections.Select(c => c.Features.Get<ConnectionRequests>()).OfType<ConnectionRequests>();
}
