using System.IO.Pipelines;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// The application's end of the output pipe. A flush of more than the pipe may hold waits until enough of it is sent; sending is put
/// off (<see cref="OutputDispatch"/>), so such a flush would always wait, and Kestrel goes on after one that has waited on the thread pool: two changes
/// of thread for an answer of 64 KB. So it is sent before the wait, which then is over.
/// </summary>
internal sealed class OutputWriter(PipeWriter pipe, OutputDispatch dispatch) : PipeWriter
{
    /// <summary>In one callback on a loop. A download to a client that takes all at once would otherwise keep the loop to itself.</summary>
    private const int MostHastened = 4;

    public override bool CanGetUnflushedBytes => pipe.CanGetUnflushedBytes;

    public override long UnflushedBytes => pipe.UnflushedBytes;

    public override void Advance(int bytes) => pipe.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => pipe.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => pipe.GetSpan(sizeHint);

    public override void CancelPendingFlush() => pipe.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        pipe.Complete(exception);
        dispatch.Collect();
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => Hasten(pipe.FlushAsync(cancellationToken));

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        Hasten(pipe.WriteAsync(source, cancellationToken));

    private ValueTask<FlushResult> Hasten(ValueTask<FlushResult> flush)
    {
        // Not where others would wait for our sending, see OutputDispatch.
        if (!flush.IsCompleted && !dispatch.ExpectsMany && (LoopThread.Current is not { Loop: not null } thread || thread.Hastened++ < MostHastened)) dispatch.Run();
        return flush;
    }
}
