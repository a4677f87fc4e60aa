using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// One accepted connection: a plain descriptor between two pipes.
/// <para>
/// The descriptor has exactly two users, the receive loop and the send loop. Each makes one non-blocking call at a time, on
/// whichever thread it happens to run, and the one that leaves last closes: so no call can be in flight on a number that
/// the kernel has already given to another client. Nobody else ever touches the descriptor; who wants something done (an
/// abort, an event of epoll, the tick) leaves word and wakes the loops.
/// </para>
/// <para>
/// It ends once, by whichever comes first: the application has finished its output and all of it is sent (graceful), or
/// anything else (abort, reset, broken pipe), which closes with a reset.
/// </para>
/// </summary>
internal sealed partial class EpollConnection : ConnectionContext, IConnectionIdFeature, IConnectionTransportFeature,
    IConnectionItemsFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature, IMemoryPoolFeature, IThreadPoolWorkItem
{
    /// <summary>Marks the graceful end; never thrown.</summary>
    private static readonly Exception Graceful = new ConnectionAbortedException("The connection was finished by the application.");

    private readonly TransportContext _context;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private readonly ReadySignal _readable = new();
    private readonly ReadySignal _writable = new();
    private readonly CancellationTokenSource _closedSource = new();
    private readonly TaskCompletionSource _closedFired = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConnectionFeatures _features;
    private readonly PipeScheduler _application;
    private readonly OutputDispatch _outputDispatch;

    private Task _sending = Task.CompletedTask;
    private int _closedClaimed;
    private int _users = 2;
    private Exception? _end;
    private volatile bool _peerFinished;
    private volatile bool _peerGone;
    private string? _connectionId;
    private IDictionary<object, object?>? _items;

    internal EpollConnection(
        int descriptor, EndPoint? local, EndPoint? remote, TransportContext context, bool isMultiplexed)
    {
        Descriptor = descriptor;
        Generation = context.Connections.NextGeneration();
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        MemoryPool = context.Pool;
        LastActivity = Environment.TickCount64;
        _context = context;
        _features = new ConnectionFeatures(this);
        if (context.Options.Loop == LoopMode.Inline) Dispatch = new ConnectionDispatch(context.Loop);
        _outputDispatch = new OutputDispatch(context.Loop);
        _halfCloseIsClose = isMultiplexed;
        if (isMultiplexed) _outputDispatch.ExpectMany();
        (_input, _output) = context.CreatePipes(Dispatch, _outputDispatch);
        _application = (PipeScheduler?)Dispatch ?? context.Loop.Elsewhere.Pool;
        Input = new InputReader(_input.Reader) { Output = _outputDispatch };
        Transport = new DuplexPipe(Input, new OutputWriter(_output.Writer, _outputDispatch));
        ConnectionClosed = _closedSource.Token;
    }

    /// <summary>The transport's own end of the input, whatever middleware has put into <see cref="Transport"/>.</summary>
    internal InputReader Input { get; }

    internal int Descriptor { get; }

    internal EpollLoop Loop => _context.Loop;

    /// <summary>Whether this process is its own client: such a connection counts nowhere and is in no access log.</summary>
    internal bool IsOwn { get; init; }

    /// <summary>Where its application code runs; null: on the thread pool.</summary>
    internal ConnectionDispatch? Dispatch { get; }

    /// <summary>
    /// Whether the client has said that it sends nothing more on this connection, so that its FIN need not be awaited after ours: a client that keeps
    /// its word cannot be reset. Set before the output is completed.
    /// </summary>
    internal bool ClientSendsNoMore { get; set; }

    /// <summary>Knows what the connection is about to run, and when it answers.</summary>
    internal IRouteSource? Routes
    {
        set
        {
            if (Dispatch is not null) Dispatch.Routes = value;
            _outputDispatch.Routes = value;
        }
    }

    /// <summary>Unlike the descriptor's number never used twice; travels in epoll's data.</summary>
    internal uint Generation { get; }

    /// <summary>Whether the client has sent its first byte: a connection without one must never be told to close.</summary>
    internal bool HasReceivedBytes { get; private set; }

    /// <summary><see cref="Environment.TickCount64"/> when bytes last moved either way.</summary>
    internal long LastActivity { get; private set; }

    /// <summary>Received so far. Written by the receive loop alone.</summary>
    internal long BytesIn { get; private set; }

    /// <summary>Sent so far. Written by the send loop alone.</summary>
    internal long BytesOut { get; private set; }

    public override string ConnectionId
    {
        get => _connectionId ??= ConnectionIds.Next();
        set => _connectionId = value;
    }

    public override IFeatureCollection Features => _features;

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public MemoryPool<byte> MemoryPool { get; }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    private bool HasEnded => Volatile.Read(ref _end) is not null;

    private bool EndedGracefully => ReferenceEquals(Volatile.Read(ref _end), Graceful);

    private bool EndedByPeer => Volatile.Read(ref _end) is ConnectionResetException;

    /// <summary>HTTP/2 has its own way to end, and many requests at once.</summary>
    internal void Multiplexed()
    {
        HalfCloseIsClose = true;
        _outputDispatch.ExpectMany();
    }

    internal void Start()
    {
        _sending = SendLoop();
        _ = ReceiveLoop();
    }

    /// <summary>What epoll reports, on the loop's thread.</summary>
    internal void OnEvents(uint events)
    {
        // These before the signals: whoever is woken must see them.
        if ((events & (LibC.EPOLLRDHUP | LibC.EPOLLHUP | LibC.EPOLLERR)) != 0) _peerFinished = true;
        if ((events & (LibC.EPOLLHUP | LibC.EPOLLERR)) != 0) OnPeerGone();
        if ((events & LibC.EPOLLIN) != 0) _inputReported = true;
        if ((events & ~LibC.EPOLLOUT) != 0) _readable.Set();
        if ((events & (LibC.EPOLLOUT | LibC.EPOLLHUP | LibC.EPOLLERR)) != 0) _writable.Set();
    }

    /// <summary>The loop's tick, once per second: the two waits that only time can end, and what is remembered.</summary>
    internal void OnTick(long now)
    {
        Dispatch?.OnTick();
        if (now >= Volatile.Read(ref _deadline)) _readable.Set();
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        // What was flushed before has been on its way.
        _outputDispatch.Collect();
        End(abortReason);
    }

    public override void Abort() => Abort(new ConnectionAbortedException());

    /// <summary>
    /// Kestrel has done with the connection. What it has written is still sent; the client's own FIN is awaited later,
    /// by nobody but the receive loop.
    /// </summary>
    /// <remarks>
    /// The usual end of a connection, so it is where the application's callbacks hear of it: they are called from the
    /// application's own thread here, and no other need be woken for them.
    /// </remarks>
    public override async ValueTask DisposeAsync()
    {
        var tells = ClaimClosed();
        // Of the pipes as they were: middleware (TLS) may have left its own in Transport.
        _input.Reader.Complete();
        _output.Writer.Complete();
        _outputDispatch.Collect();
        if (!_sending.IsCompleted)
        {
            await _sending.ConfigureAwait(false);
            // Not in the middle of the transport's own code, where the last byte was sent: what follows may block.
            await new Elsewhere(_application);
        }
        if (tells) TellClosed();
        else await _closedFired.Task.ConfigureAwait(false);
        _closedSource.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Who gets true, and nobody else, tells the application that the connection is closed.</summary>
    private bool ClaimClosed() => Interlocked.Exchange(ref _closedClaimed, 1) == 0;

    /// <summary>
    /// Tells the application that the connection is closed, which with Kestrel also aborts the output of what is running.
    /// On a pool thread: the application's own callbacks run in here, and they may block.
    /// </summary>
    private void FireClosed()
    {
        if (ClaimClosed()) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        TellClosed();
        _closedFired.SetResult();
    }

    private void TellClosed()
    {
        try
        {
            _closedSource.Cancel();
        }
        catch (AggregateException exception)
        {
            TransportLog.ClosedCallbackFailed(_context.Logger, ConnectionId, exception);
        }
    }

    /// <summary>The one end of the connection; what comes later changes nothing.</summary>
    private void End(Exception why)
    {
        if (Interlocked.CompareExchange(ref _end, why, null) is not null) return;
        // Both loops look at the end before each call and after each wait; these are the four places where one may wait.
        _output.Reader.CancelPendingRead();
        // Whatever it waits for: it finds the end.
        _outputDispatch.Run();
        _writable.Set();
        _input.Writer.CancelPendingFlush();
        _readable.Set();
    }

    /// <summary>Called by each loop as its last act.</summary>
    private void Leave()
    {
        if (Interlocked.Decrement(ref _users) > 0) return;
        if (!EndedGracefully) ConnectionSocket.ResetOnClose(Descriptor);
        _context.Connections.Forget(this);
        Dispatch?.Forget();
        // No EPOLL_CTL_DEL: the kernel drops the registration with the last reference to the socket. Should a process just
        // forked by the application hold one for the moment until its exec, the generation keeps its events from anybody.
        _ = LibC.close(Descriptor);
        _context.Connections.CountClosed(this);
        Input.Watch?.Closed();
    }
}
