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

    /// <param name="features">The request's.</param>
    /// <param name="requestsBefore">On the same connection.</param>
    internal void Begin(IFeatureCollection features, long requestsBefore)
    {
        _time = DateTimeOffset.UtcNow;
        _began = Stopwatch.GetTimestamp();
        _requestsBefore = requestsBefore;
        _response.Begin(features);
    }

    /// <summary>After the last byte of the answer has been given to Kestrel, or the client has gone.</summary>
    internal void Completed(IFeatureCollection features, int status, EndPoint? peer)
    {
        // What the application writes in answer to a HEAD is dropped.
        var bytes = features.Get<IHttpRequestFeature>()?.Method == "HEAD" ? 0 : _response.Bytes;
        log.Write(new AccessEntry(features, status, bytes, _time, Stopwatch.GetElapsedTime(_began), _requestsBefore, peer));
    }
}
