using System.Net;
using Microsoft.AspNetCore.Connections;
using StarletNet.Hosting.Transport;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Server;

/// <summary>Makes every accepted connection known to the worker before Kestrel sees it.</summary>
internal sealed class WorkerConnectionListener(IConnectionListener inner, HttpVersions http, Traffic traffic) : IConnectionListener
{
    public EndPoint EndPoint => inner.EndPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        var connection = await inner.AcceptAsync(cancellationToken).ConfigureAwait(false);
        if (connection is EpollConnection ours) traffic.Accepted(ours, http);
        return connection;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
