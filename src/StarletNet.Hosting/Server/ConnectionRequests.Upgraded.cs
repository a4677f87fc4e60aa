namespace StarletNet.Hosting.Server;

/// <summary>Connections that a drain may leave alone for a while (<c>--drain-websockets</c>).</summary>
internal sealed partial class ConnectionRequests
{
    /// <summary>
    /// It carries a WebSocket, or another protocol that the application has upgraded it to; over HTTP/2 as one of its streams.
    /// </summary>
    internal bool IsUpgraded
    {
        get
        {
            lock (_free) return (_upgraded && _running.Count > 0) || HasTunnel;
        }
    }

    /// <summary>All that runs here, except what makes the connection <see cref="IsUpgraded"/>.</summary>
    internal IEnumerable<string> DescribeRequests(long now)
    {
        lock (_free) return _upgraded ? [] : [.. _running.Where(request => !request.IsTunnel).Select(request => request.Describe(now))];
    }

    /// <summary>Cuts the requests. The connection goes with them unless it is <see cref="IsUpgraded"/>.</summary>
    internal void AbortRequests()
    {
        // Under the lock: a request that ends meanwhile leaves its place, and the place may then hold another one.
        lock (_free)
        {
            if (_upgraded) return;
            if (HasTunnel)
            {
                foreach (var request in _running)
                    if (!request.IsTunnel) request.Abort();
                return;
            }
        }
        Abort();
        WriteCut();
    }

    private bool HasTunnel => _running.Exists(request => request.IsTunnel);
}
