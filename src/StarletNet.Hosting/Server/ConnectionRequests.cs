using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Server;

/// <summary>
/// What runs on one connection, and how it is asked to close. Kestrel's requests find it among the connection's features.
/// </summary>
internal sealed class ConnectionRequests(EpollConnection connection, Traffic traffic)
{
    // HTTP/1 runs one request at a time, HTTP/2 many; locked, because HTTP/2's begin and end on any thread, and uncontended
    // everywhere else.
    private readonly List<RunningRequest> _running = new(1);
    private readonly Stack<RunningRequest> _free = new(1);
    private bool _seen;
    private int _told;
    private volatile bool _upgraded;
    private volatile bool _http2;

    internal bool IsIdle
    {
        get
        {
            lock (_free) return _running.Count == 0;
        }
    }

    internal void Begin(IFeatureCollection features)
    {
        RunningRequest? request;
        lock (_free)
        {
            if (!_free.TryPop(out request)) request = new RunningRequest(this);
            _running.Add(request);
        }

        request.Begin(features);
        if (_seen) return;
        _seen = true;
        if (request.IsHttp2) SpeaksHttp2();
    }

    internal void End(RunningRequest request)
    {
        lock (_free)
        {
            _running.Remove(request);
            _free.Push(request);
        }
    }

    /// <summary>An upgraded connection is the application's own: it ends when the application says so.</summary>
    internal void Upgraded()
    {
        _upgraded = true;
        connection.HalfCloseIsClose = true;
    }

    /// <summary>
    /// While draining, each next response announces the close; Kestrel writes <c>Connection: close</c>, or GOAWAY, itself.
    /// </summary>
    internal void ResponseStarting()
    {
        if (traffic.Draining) AskToClose();
    }

    internal void SpeaksHttp2()
    {
        _http2 = true;
        connection.HalfCloseIsClose = true;
    }

    /// <summary>
    /// Only where the protocol is known and the client has spoken: Kestrel answers the wish to close on a connection whose first
    /// byte is still to come by cutting it.
    /// </summary>
    internal void CloseIfHttp2()
    {
        if (_http2 && connection.HasReceivedBytes) AskToClose();
    }

    /// <summary>
    /// Asks for the end of the connection after what it is doing. Kestrel closes an idle one at once, lets a request finish of
    /// which a part has come, and would break the read of an upgraded one, which is therefore left alone.
    /// </summary>
    internal void CloseUnlessUpgraded()
    {
        if (!_upgraded) AskToClose();
    }

    internal void Abort() => connection.Abort();

    internal IEnumerable<string> Describe(long now)
    {
        lock (_free) return [.. _running.Select(r => r.Describe(now))];
    }

    private void AskToClose()
    {
        // Set by Kestrel a moment after it took the connection; whoever asks too early asks again.
        if (connection.Features.Get<IConnectionLifetimeNotificationFeature>() is not { } lifetime) return;
        if (Interlocked.Exchange(ref _told, 1) == 0) lifetime.RequestClose();
    }
}
