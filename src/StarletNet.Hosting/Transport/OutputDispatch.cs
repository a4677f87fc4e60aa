using System.IO.Pipelines;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// When one connection's send loop goes on after the application has flushed: at once, in the flushing thread; but in a callback
/// on the loop not before its end, so that all it flushes leaves in one call (an answer without Content-Length is flushed
/// twice: the body, then the end of the chunks), together with others' (<see cref="SendBatch"/>). If the callback blocks, whoever takes the loop over
/// sends; if it would have to wait for the sending, it sends by itself (<see cref="OutputWriter"/>).
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

    // The pipe has one reader, so at most one of these waits here, and the next comes only when this one has run.
    private Action<object?>? _action;
    private object? _state;
    private int _isWaiting;

    public override void Schedule(Action<object?> action, object? state)
    {
        (_action, _state) = (action, state);
        // A full fence follows in TryDefer: who finds our mark there finds this as well.
        Volatile.Write(ref _isWaiting, 1);
        if (loop.TryDefer(this)) return;
        if (_manyFlush) System.Threading.ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        else Run();
    }

    /// <summary>From now on requests of this connection flush beside one another: HTTP/2.</summary>
    internal void ExpectMany() => _manyFlush = true;

    internal bool ExpectsMany => _manyFlush;

    void IThreadPoolWorkItem.Execute() => Run();

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
