using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// The application's end of the input pipe, with the end of the stream where it is with any other stream: after the last
/// byte. A pipe reports its completion together with what is still unread, and Kestrel then takes a request body for cut
/// off although all of it is there: a client that has sent its request and its FIN would be reset instead of answered.
/// </summary>
internal sealed class InputReader(PipeReader pipe) : PipeReader
{
    // The buffer that was shown as if more were to come; the end shows as soon as the reader has seen all of it and asks again.
    private ReadOnlySequence<byte> _shown;
    private bool _hidesEnd;
    private bool _showsEnd;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = pipe.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Shown(reading.Result)) : ReadSlowly(reading);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (!pipe.TryRead(out result)) return false;
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
        pipe.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => pipe.CancelPendingRead();

    public override void Complete(Exception? exception = null) => pipe.Complete(exception);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadSlowly(ValueTask<ReadResult> reading) => Shown(await reading.ConfigureAwait(false));

    private ReadResult Shown(ReadResult result)
    {
        if (!result.IsCompleted || result.Buffer.IsEmpty || _showsEnd) return result;
        _shown = result.Buffer;
        _hidesEnd = true;
        return new ReadResult(result.Buffer, result.IsCanceled, isCompleted: false);
    }
}
