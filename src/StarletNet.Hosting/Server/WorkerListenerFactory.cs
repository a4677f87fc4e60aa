using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Hands the inherited listeners to the one server of the process that has claimed them, and refuses every other endpoint,
/// which then goes to Kestrel's own transport.
/// </summary>
internal sealed class WorkerListenerFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly List<TransportListener> _bound = [];
    private Traffic? _traffic;

    internal void Use(Traffic traffic) => _traffic = traffic;

    internal TransportListener? Find(EndPoint endpoint) => _traffic?.Transport.Find(endpoint);

    public bool CanBind(EndPoint endpoint) => Find(endpoint) is not null;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = Find(endpoint) ?? throw new InvalidOperationException($"{endpoint} is not a listener of this worker.");
        var inner = await _traffic!.Transport.BindAsync(endpoint, cancellationToken).ConfigureAwait(false);
        _bound.Add(listener);
        return new WorkerConnectionListener(inner, listener.Http, _traffic);
    }

    /// <summary>A server that does not ask us for its listeners would leave the worker mute.</summary>
    internal void RequireAllBound(IServer server)
    {
        var missing = _traffic!.Transport.Listeners.Except(_bound).Select(l => l.Address).ToList();
        if (missing.Count != 0)
            throw new InvalidOperationException(
                $"The application's server, {server.GetType().Name}, did not open {string.Join(", ", missing)}; only Kestrel can run in a worker.");
    }
}
