using System.IO.Pipelines;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// When one connection's send loop goes on after the application has flushed. In a callback on the loop not before its end, so that all it flushes leaves in one call (an answer without Content-Length is flushed
/// twice: the body, then the end of the chunks), together with others' (<see cref="SendBatch"/>). If the callback blocks, whoever takes the loop over
/// sends; if it would have to wait for the sending, it sends by itself (<see cref="OutputWriter"/>). Away from the loop when the
/// thread comes back to the connection (<see cref="HeldOutputs"/>), else at once in the flushing thread.
/// <para>
/// Where many requests share the connection, apart from all of them: Kestrel flushes under the connection's lock, so while one sends the others would wait,
/// and what they have to say meanwhile leaves in the next call. With 16 streams on each of 8 connections sending under the lock was twice as dear.
/// </para>
/// <para>
/// Several may thus be about to send. Whoever claims it first does; the others find nothing, or what has been flushed since, which they may
/// send as well.
/// </para>
/// </summary>
internal sealed class OutputDispatch(EpollLoop loop) : PipeScheduler, IThreadPoolWorkItem
{
    private volatile bool _manyFlush;
    private volatile bool _isHeld;

    // Whoever answers the present request has left it once with something held, or is expected to.
    private volatile bool _isLeft;

    // The pipe has one reader, so at most one of these waits here, and the next comes only when this one has run.
    private Action<object?>? _action;
    private object? _state;
    private int _isWaiting;

    /// <summary>Knows when the connection answers a request. Only then is output held: a message of HTTP/2, TLS or a WebSocket is awaited as it is.</summary>
    internal IRouteSource? Routes { get; set; }

    public override void Schedule(Action<object?> action, object? state)
    {
        (_action, _state) = (action, state);
        // A full fence follows in TryDefer and in TryHold: who finds our mark there finds this as well.
        Volatile.Write(ref _isWaiting, 1);
        if (loop.TryDefer(this)) return;
        if (Routes is { AnswersOne: true } routes && TryHold(routes)) return;
        if (_manyFlush) System.Threading.ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        else Run();
    }

    /// <summary>From now on requests of this connection flush beside one another: HTTP/2.</summary>
    internal void ExpectMany() => _manyFlush = true;

    internal bool ExpectsMany => _manyFlush;

    void IThreadPoolWorkItem.Execute() => Run();

    internal bool IsHeld => _isHeld && Volatile.Read(ref _isWaiting) != 0;

    private bool TryHold(IRouteSource routes)
    {
        if (_isLeft) return false;
        if (!loop.Held.ExpectsBack(routes))
        {
            _isLeft = true;
            return false;
        }
        // Before it may be found. If it has been sent by then (IsHeld tells), whoever collects it finds nothing.
        _isHeld = true;
        if (loop.Held.TryHold(this)) return true;
        _isHeld = false;
        return false;
    }

    /// <summary>Before whoever answers the connection waits for its client, after an answer as a rule.</summary>
    internal void CollectBeforeWait()
    {
        _isLeft = false;
        Collect();
    }

    /// <summary>What is held is sent.</summary>
    internal void Collect()
    {
        if (!_isHeld) return;
        // In this order, with Run's exchange as the fence between: what is held by another thread from here on either is found by
        // that exchange, or its mark comes after ours.
        _isHeld = false;
        Run();
    }

    /// <summary>By the monitor, since nobody has come.</summary>
    internal void SendInPlace()
    {
        if (!IsHeld) return;
        _isLeft = true;
        if (Routes is { } routes) loop.Held.WasLeft(routes.CurrentRoute);
        Collect();
    }

    /// <summary>Sends, if something waits for it.</summary>
    internal void Run()
    {
        if (Interlocked.Exchange(ref _isWaiting, 0) == 0) return;
        var (action, state) = (_action!, _state);
        // Before it runs: what it does may schedule it anew.
        (_action, _state) = (null, null);
        action(state);
    }
}
