using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks.Sources;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// The application's end of the input pipe, with the end of the stream where it is with any other stream: after the last
/// byte. A pipe reports its completion together with what is still unread, and Kestrel then takes a request body for cut
/// off although all of it is there: a client that has sent its request and its FIN would be reset instead of answered. A pipe that
/// is completed with an error even hides what is unread: the close frame of a WebSocket client that did not wait for anything more.
/// </summary>
internal sealed class InputReader : PipeReader, IValueTaskSource<ReadResult>
{
    private readonly PipeReader _pipe;
    private readonly Action _resume;

    // The read that waits, and who waits for it: a pipe has one reader, so there is one of each and nothing is allocated.
    private ValueTask<ReadResult> _reading;
    private Action<object?>? _continuation;
    private volatile bool _isAwaited;
    private object? _state;

    // The buffer that was shown as if more were to come; the end shows as soon as the reader has seen all of it and asks again.
    private ReadOnlySequence<byte> _shown;
    private bool _hidesEnd;
    private bool _showsEnd;

    private Exception? _failure;

    internal InputReader(PipeReader pipe)
    {
        _pipe = pipe;
        _resume = Resume;
    }

    /// <summary>What leaves before a read has to wait.</summary>
    internal OutputDispatch? Output { get; init; }

    /// <summary>Told of each read that has to wait.</summary>
    internal IConnectionWatch? Watch { get; set; }

    /// <summary>
    /// Whether a read waits for the client now; already when <see cref="Watch"/> is told so. One whose bytes have come waits for a thread
    /// alone, which is no fault of the client's. Asked by another thread, which may find the look at that read half changed: it asks a pipe about
    /// its present state all the same.
    /// </summary>
    internal bool IsAwaited => _isAwaited && !_reading.IsCompleted;

    /// <summary>Whether anything has been read since this was last set to false.</summary>
    internal bool HasRead { get; set; }

    /// <summary>The error that stands at the end of the input instead of nothing. To be set before the pipe is completed, without one.</summary>
    internal Exception? EndsWith { get; set; }

    /// <summary>Lets the read that waits, or the next one, fail.</summary>
    internal void Fail(Exception why)
    {
        Volatile.Write(ref _failure, why);
        _pipe.CancelPendingRead();
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = _pipe.ReadAsync(cancellationToken);
        if (reading.IsCompletedSuccessfully) return new ValueTask<ReadResult>(Shown(reading.Result));
        Output?.CollectBeforeWait();
        _reading = reading;
        _isAwaited = true;
        Watch?.InputAwaited();
        return new ValueTask<ReadResult>(this, 0);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!_pipe.TryRead(out result)) return false;
        result = Shown(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // Before the pipe takes its memory back.
        if (_hidesEnd)
        {
            _hidesEnd = false;
            _showsEnd = _shown.Slice(examined).IsEmpty;
            _shown = default;
        }
        _pipe.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => _pipe.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _pipe.Complete(exception);

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) => _reading switch
    {
        { IsCompleted: false } => ValueTaskSourceStatus.Pending,
        { IsCompletedSuccessfully: true } => ValueTaskSourceStatus.Succeeded,
        { IsCanceled: true } => ValueTaskSourceStatus.Canceled,
        _ => ValueTaskSourceStatus.Faulted,
    };

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _continuation = continuation;
        _state = state;
        var awaiter = _reading.ConfigureAwait(false).GetAwaiter();
        if ((flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0) awaiter.OnCompleted(_resume);
        else awaiter.UnsafeOnCompleted(_resume);
    }

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        _isAwaited = false;
        var reading = _reading;
        _reading = default;
        return Shown(reading.GetAwaiter().GetResult());
    }

    private void Resume()
    {
        _isAwaited = false;
        var (continuation, state) = (_continuation!, _state);
        (_continuation, _state) = (null, null);
        continuation(state);
    }

    private ReadResult Shown(ReadResult result)
    {
        if (result.IsCanceled && Interlocked.Exchange(ref _failure, null) is { } failure) throw Unread(result, failure);
        if (!result.Buffer.IsEmpty) HasRead = true;
        if (!result.IsCompleted) return result;
        if (result.Buffer.IsEmpty || _showsEnd) return EndsWith is { } error ? throw Unread(result, error) : result;
        _shown = result.Buffer;
        _hidesEnd = true;
        return new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false);
    }

    /// <summary>As if this read had never been: whoever reads again may.</summary>
    private Exception Unread(ReadResult result, Exception why)
    {
        _pipe.AdvanceTo(result.Buffer.Start);
        return why;
    }
}
