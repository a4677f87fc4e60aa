using System.IO.Pipelines;

namespace StarletNet.Hosting.AccessLog;

/// <summary>Everything as Kestrel does it, and counted.</summary>
internal sealed class CountedWriter(CountedResponse response) : PipeWriter
{
    private PipeWriter Inner => response.InnerWriter;

    public override bool CanGetUnflushedBytes => Inner.CanGetUnflushedBytes;

    public override long UnflushedBytes => Inner.UnflushedBytes;

    public override void Advance(int bytes)
    {
        Inner.Advance(bytes);
        response.Bytes += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => Inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => Inner.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => Inner.FlushAsync(cancellationToken);

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        response.Bytes += source.Length;
        return Inner.WriteAsync(source, cancellationToken);
    }

    public override Stream AsStream(bool leaveOpen = false) => response.Stream;

    public override void CancelPendingFlush() => Inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => Inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => Inner.CompleteAsync(exception);
}
