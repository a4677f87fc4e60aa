using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace StarletNet.Hosting.AccessLog;

/// <summary>What the access log has to know of one running request after another.</summary>
internal sealed class AccessRecord(AccessLogWriter log)
{
    private readonly CountedResponse _response = new();
    private DateTimeOffset _time;
    private long _began;
    private long _requestsBefore;

    // A request that is cut is written down by who cuts it, and only once.
    private int _unwritten;

    /// <param name="features">The request's.</param>
    /// <param name="requestsBefore">On the same connection.</param>
    internal void Begin(IFeatureCollection features, long requestsBefore)
    {
        _time = DateTimeOffset.UtcNow;
        _began = Stopwatch.GetTimestamp();
        _requestsBefore = requestsBefore;
        _response.Begin(features);
        Volatile.Write(ref _unwritten, 1);
    }

    /// <summary>
    /// For a request whose client is taken away: what the application goes on to do reaches nobody, and it may not come to its end at all. Asked
    /// while the application runs, so that what it is busy changing, its own headers, is not looked at.
    /// </summary>
    internal void Cut(IFeatureCollection features, IHttpResponseFeature response, EndPoint? peer)
    {
        if (Interlocked.Exchange(ref _unwritten, 0) == 0) return;
        try
        {
            Write(features, response.HasStarted ? response.StatusCode : ClientGone, peer, isCut: true);
        }
#pragma warning disable CA1031 // The application goes on meanwhile, and changes what we look at; who cuts has others to think of.
        catch (Exception)
#pragma warning restore CA1031
        {
            // At its end, then.
            Volatile.Write(ref _unwritten, 1);
        }
    }

    /// <summary>After the last byte of the answer has been given to Kestrel, or the client has gone.</summary>
    internal void Completed(IFeatureCollection features, int status, EndPoint? peer)
    {
        if (Interlocked.Exchange(ref _unwritten, 0) != 0) Write(features, status, peer, isCut: false);
    }

    // As Kestrel has it where the client left before there was an answer.
    private const int ClientGone = 499;

    private void Write(IFeatureCollection features, int status, EndPoint? peer, bool isCut)
    {
        // What the application writes in answer to a HEAD is dropped.
        var bytes = features.Get<IHttpRequestFeature>()?.Method == "HEAD" ? 0 : _response.Bytes;
        log.Write(new AccessEntry(features, status, bytes, _time, Stopwatch.GetElapsedTime(_began), _requestsBefore, peer) { IsCut = isCut });
    }
}
