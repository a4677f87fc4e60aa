using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace StarletNet.Hosting.AccessLog;

/// <summary>
/// The body of one running response after another, counted on its way to Kestrel. Kept with the place of the request, so that counting
/// allocates nothing per request.
/// </summary>
#pragma warning disable CA1001 // The stream owns nothing: what it passes on to is Kestrel's.
internal sealed class CountedResponse : IHttpResponseBodyFeature
#pragma warning restore CA1001
{
    private readonly CountedStream _stream;
    private readonly CountedWriter _writer;
    private IHttpResponseBodyFeature _inner = null!;
    private Stream? _innerStream;

    internal CountedResponse()
    {
        _stream = new CountedStream(this);
        _writer = new CountedWriter(this);
    }

    /// <summary>Written by the application so far.</summary>
    internal long Bytes { get; set; }

    internal void Begin(IFeatureCollection features)
    {
        Bytes = 0;
        _inner = features.Get<IHttpResponseBodyFeature>()!;
        _innerStream = null;
        features.Set<IHttpResponseBodyFeature>(this);
    }

    internal Stream InnerStream => _innerStream ??= _inner.Stream;

    internal PipeWriter InnerWriter => _inner.Writer;

    public Stream Stream => _stream;

    public PipeWriter Writer => _writer;

    public void DisableBuffering() => _inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => _inner.StartAsync(cancellationToken);

    public Task CompleteAsync() => _inner.CompleteAsync();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        Bytes += count ?? Math.Max(0, new FileInfo(path).Length - offset);
        return _inner.SendFileAsync(path, offset, count, cancellationToken);
    }
}
