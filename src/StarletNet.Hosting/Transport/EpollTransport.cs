using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Kestrel's transport over inherited listening descriptors. No .NET Socket ever touches one: it would call listen again and
/// shrink the shared queue, and some of its ways to close reach every other holder of the socket.
/// </summary>
internal sealed class EpollTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector, IAsyncDisposable
{
    private readonly BlockPool _pool = new();
    private readonly EpollLoop _loop;
    private readonly TransportOptions _options;
    private int _isDisposed;

    /// <exception cref="SystemCallException">A descriptor is closed, or no socket.</exception>
    internal EpollTransport(IReadOnlyList<WorkerListener> listeners, ILogger logger, TransportOptions options)
    {
        if (options.Loop != LoopMode.Pool) throw new NotSupportedException($"loop mode {options.Loop}");
        _options = options;
        Connections = new ConnectionSet(options.ConnectionsChanged);
        _loop = new EpollLoop(Connections, _pool);
        var context = new TransportContext(_loop, Connections, _pool, options, logger);
        var taken = new HashSet<EndPoint>();
        Listeners = [.. listeners.Select((listener, index) => Adopt(index, listener, context, taken))];
        _loop.Start(Listeners);
    }

    internal IReadOnlyList<TransportListener> Listeners { get; }

    internal ConnectionSet Connections { get; }

    /// <summary>Nothing is accepted before: a worker must not take a connection that it cannot serve yet.</summary>
    internal void StartAccepting()
    {
        foreach (var listener in Listeners) listener.StartAccepting();
    }

    /// <summary>See <see cref="TransportListener.StopAccepting"/>.</summary>
    internal void StopAccepting()
    {
        foreach (var listener in Listeners) listener.StopAccepting();
    }

    /// <summary>The listener that Kestrel means by an end point it wants to bind; null if it is not one of ours.</summary>
    internal TransportListener? Find(EndPoint endPoint) => Listeners.FirstOrDefault(listener => listener.BindEndPoint.Equals(endPoint));

    public bool CanBind(EndPoint endpoint) => Find(endpoint) is not null;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = Find(endpoint) ?? throw new NotSupportedException($"{endpoint} is no inherited listener");
        if (!listener.TryBind()) throw new AddressInUseException($"{endpoint} is bound already");
        return new ValueTask<IConnectionListener>(listener);
    }

    private static TransportListener Adopt(int index, WorkerListener inherited, TransportContext context, HashSet<EndPoint> taken)
    {
        var endPoint = SocketAddress.OfSocket(inherited.Fd) ?? throw SystemCallException.Of($"getsockname({inherited.Fd})");
        var (bindEndPoint, address) = ListenerAddress.Of(endPoint, index);
        // Two sockets on one address (SO_REUSEPORT): Kestrel must be able to tell them apart.
        if (!taken.Add(bindEndPoint)) (bindEndPoint, address) = ListenerAddress.Synthetic(index);
        return new TransportListener(index, inherited, endPoint, bindEndPoint, address, context);
    }

    /// <summary>Aborts what is open and ends the loop. The listening descriptors stay open and as they were.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        StopAccepting();
        foreach (var connection in Connections) connection.Abort();
        // What has ended gracefully may still await the client's FIN, for a bounded time that the loop has to watch.
        await Task.WhenAny(Connections.WhenEmpty(), Task.Delay(_options.Linger + TimeSpan.FromSeconds(2))).ConfigureAwait(false);
        _loop.Dispose();
        _pool.Dispose();
    }
}
