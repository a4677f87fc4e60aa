using Microsoft.AspNetCore.Http;

namespace StarletNet.Hosting.Server;

/// <summary>
/// The body of a chunked request. Kestrel reports a chunk size that overflows as an error of its own code, which an application answers with 500 and a
/// stack trace in its log; it is the client's, and is answered with 400.
/// </summary>
internal sealed class ChunkedBody(Stream body) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => body.Length;

    public override long Position
    {
        get => body.Position;
        set => body.Position = value;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return body.Read(buffer, offset, count);
        }
        catch (IOException error) when (error.InnerException is OverflowException)
        {
            throw Refused(error);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException error) when (error.InnerException is OverflowException)
        {
            throw Refused(error);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    private static BadHttpRequestException Refused(IOException error) => new("Request refused: a chunk size that is too large.", StatusCodes.Status400BadRequest, error);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
