using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// An inherited listening descriptor, and what Kestrel sees of it. The socket behind it belongs to every process that holds
/// it: nothing is ever done to it but accept, and the two flags without which we could not live (non-blocking, a property
/// of the shared socket, and close-on-exec, our own).
/// </summary>
internal sealed class TransportListener : IConnectionListener
{
    private readonly Channel<EpollConnection> _accepted;
    private int _isBound;

    /// <exception cref="SystemCallException">The descriptor is closed, or no socket.</exception>
    internal TransportListener(int index, WorkerListener inherited, EndPoint endPoint, EndPoint bindEndPoint, string address,
        IEnumerable<TransportContext> loops)
    {
        Index = index;
        Descriptor = inherited.Fd;
        Http = inherited.Http;
        EndPoint = endPoint;
        BindEndPoint = bindEndPoint;
        Address = address;
        Acceptors = [.. loops.Select(context => new Acceptor(this, context))];
        // Kestrel's accept loop goes on in a loop's thread: it only wraps the connection and queues it to the pool.
        _accepted = Channel.CreateUnbounded<EpollConnection>(
            new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
        FileDescriptor.SetNonBlocking(Descriptor, true);
        FileDescriptor.SetCloseOnExec(Descriptor);
    }

    /// <summary>Place among the transport's listeners; travels in epoll's data.</summary>
    internal int Index { get; }

    internal int Descriptor { get; }

    internal HttpVersions Http { get; }

    /// <summary>The socket's own address, as the kernel has it.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>What Kestrel makes of <see cref="Address"/> and asks us to bind.</summary>
    internal EndPoint BindEndPoint { get; }

    /// <summary>For IServerAddressesFeature, without TLS: <c>http://127.0.0.1:8080</c>, <c>http://unix:/path</c>.</summary>
    internal string Address { get; }

    /// <summary>One for each loop.</summary>
    internal IReadOnlyList<Acceptor> Acceptors { get; }

    /// <summary>One listener serves one binding: a second accept loop would only take turns with the first.</summary>
    internal bool TryBind() => Interlocked.Exchange(ref _isBound, 1) == 0;

    internal void StartAccepting()
    {
        foreach (var acceptor in Acceptors) acceptor.Start();
    }

    /// <summary>See <see cref="Acceptor.Stop"/>. Returns when done; harmless when repeated.</summary>
    internal void StopAccepting()
    {
        foreach (var acceptor in Acceptors) acceptor.Stop();
    }

    /// <inheritdoc cref="Acceptor.TakeOwn"/>
    internal void TakeOwn(int descriptor) => Acceptors[0].TakeOwn(descriptor);

    /// <summary>Hands a new connection to Kestrel.</summary>
    internal void Deliver(EpollConnection connection)
    {
        if (!_accepted.Writer.TryWrite(connection)) connection.Abort();
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (_accepted.Reader.TryRead(out var connection)) return connection;
        }
        return null;
    }

    /// <summary>What has been accepted is still delivered; then <see cref="AcceptAsync"/> returns null.</summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        StopAccepting();
        _accepted.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    /// <summary>The descriptor stays open: it is not ours to close, and the process that ends closes it without a trace.</summary>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        while (_accepted.Reader.TryRead(out var connection))
        {
            connection.Abort();
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }
}
