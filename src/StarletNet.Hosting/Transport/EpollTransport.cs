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
    private readonly EpollLoop[] _loops;
    private readonly LoopMonitor _monitor;
    private readonly TransportOptions _options;
    private int _isDisposed;

    /// <exception cref="SystemCallException">A descriptor is closed, or no socket.</exception>
    internal EpollTransport(IReadOnlyList<WorkerListener> listeners, ILogger logger, TransportOptions options)
    {
        _options = options;
        Connections = new ConnectionSet(options.ConnectionsChanged);
        Threads = new LoopThreads(options.MaxThreads, options.Loops) { KeepsReserve = IsInline, WaitsForProcessors = true };
        Elsewhere = new ElsewhereDispatch(Threads, new PoolDispatch(), new PoolRuns(Memory));
        Threads.Refused = work => Elsewhere.Schedule(work, Place.Pool);
        _loops = [.. Enumerable.Range(0, options.Loops).Select(_ => new EpollLoop(Connections, Threads, Memory, Elsewhere, Held))];
        var contexts = _loops.Select(loop => new TransportContext(loop, Connections, _pool, options, logger)).ToArray();
        var taken = new HashSet<EndPoint>();
        Listeners = [.. listeners.Select((listener, index) => Adopt(index, listener, contexts, taken))];
        _monitor = Watch();
        _loops[0].Ticked = () =>
        {
            _pool.Trim();
            Memory.Fade();
        };
        for (var index = 0; index < _loops.Length; index++) _loops[index].Start(Listeners.Select(listener => listener.Acceptors[index]));
    }

    private LoopMonitor Watch()
    {
        var monitor = new LoopMonitor(_loops, Threads);
        foreach (var loop in _loops) loop.Monitor = monitor;
        Elsewhere.Runs.Monitor = Held.Monitor = monitor;
        Threads.NeedsThread = monitor.Wake;
        monitor.Start();
        return monitor;
    }

    internal LoopThreads Threads { get; }

    /// <summary>What is known of routes and connections that block; empty with <see cref="LoopMode.Pool"/>.</summary>
    internal BlockingMemory Memory { get; } = new();

    internal ElsewhereDispatch Elsewhere { get; }

    internal HeldOutputs Held { get; } = new();

    /// <summary>How often a loop was taken over.</summary>
    internal long TakeOvers => _monitor.TakeOvers;

    /// <summary>How often the loops have waited for the kernel.</summary>
    internal int Turns => _loops.Sum(loop => loop.Turns);

    /// <summary>Blocks of memory that connections hold now.</summary>
    internal int LentBlocks => _pool.LentBlocks;

    internal bool IsInline => _options.Loop == LoopMode.Inline;

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

    private static TransportListener Adopt(int index, WorkerListener inherited, TransportContext[] loops, HashSet<EndPoint> taken)
    {
        var endPoint = SocketAddress.OfSocket(inherited.Fd) ?? throw SystemCallException.Of($"getsockname({inherited.Fd})");
        var (bindEndPoint, address) = ListenerAddress.Of(endPoint, index);
        // Two sockets on one address (SO_REUSEPORT): Kestrel must be able to tell them apart.
        if (!taken.Add(bindEndPoint)) (bindEndPoint, address) = ListenerAddress.Synthetic(index);
        return new TransportListener(index, inherited, endPoint, bindEndPoint, address, loops);
    }

    /// <summary>Aborts what is open and ends the loops. The listening descriptors stay open and as they were.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        StopAccepting();
        foreach (var connection in Connections) connection.Abort();
        // What has ended gracefully may still await the client's FIN, for a bounded time that the loop has to watch.
        await Task.WhenAny(Connections.WhenEmpty(), Task.Delay(_options.Linger + TimeSpan.FromSeconds(2))).ConfigureAwait(false);
        foreach (var loop in _loops) loop.Dispose();
        // An application that ignored its abort may still post something: that goes to the pool.
        Threads.Close();
        Threads.NeedsThread = null;
        Elsewhere.Runs.Monitor = Held.Monitor = null;
        _monitor.Dispose();
        _pool.Dispose();
    }
}
