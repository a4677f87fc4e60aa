using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace StarletNet.Hosting.AccessLog;

/// <summary>A request that is over, as its features have it then: with what the application's own middleware has made of them.</summary>
/// <param name="features">The request's.</param>
/// <param name="status">Answered; 499 for a client that left before there was an answer.</param>
/// <param name="bytes">Of the body.</param>
/// <param name="began">When the request came.</param>
/// <param name="took">Until it was over.</param>
/// <param name="requestsBefore">On the same connection.</param>
/// <param name="peer">The other end of the connection; null for a Unix socket without a name.</param>
internal readonly ref struct AccessEntry(
    IFeatureCollection features, int status, long bytes, DateTimeOffset began, TimeSpan took, long requestsBefore, EndPoint? peer)
{
    private readonly IHttpRequestFeature? _request = features.Get<IHttpRequestFeature>();
    private readonly IHttpConnectionFeature? _connection = features.Get<IHttpConnectionFeature>();
    private readonly IHttpResponseFeature? _response = features.Get<IHttpResponseFeature>();

    internal int Status => status;

    internal long Bytes => bytes;

    internal DateTimeOffset Began => began;

    internal long Microseconds => took.Ticks / TimeSpan.TicksPerMicrosecond;

    internal long RequestsBefore => requestsBefore;

    internal IPAddress? Client => _connection?.RemoteIpAddress;

    internal IPAddress? Peer => (peer as IPEndPoint)?.Address;

    internal IPAddress? LocalAddress => _connection?.LocalIpAddress;

    internal int LocalPort => _connection?.LocalPort ?? 0;

    internal string User => features.Get<IHttpAuthenticationFeature>()?.User?.Identity is { IsAuthenticated: true, Name: { } name } ? name : "";

    internal string Method => _request?.Method ?? "";

    /// <summary>As the client sent it; rewriting does not change it.</summary>
    internal string Target => _request?.RawTarget ?? "";

    internal string Protocol => _request?.Protocol ?? "";

    internal string Host => _request?.Headers.Host.ToString() ?? "";

    internal string RequestHeader(string name) => _request is null ? "" : _request.Headers[name].ToString();

    internal string ResponseHeader(string name) => _response is null || IsCut ? "" : _response.Headers[name].ToString();

    /// <summary>By us, while the application was at it.</summary>
    internal bool IsCut { get; init; }

    /// <summary>The client was gone before the answer was complete.</summary>
    internal bool IsAborted => IsCut || features.Get<IHttpRequestLifetimeFeature>()?.RequestAborted.IsCancellationRequested == true;

    internal bool Closes => _response?.Headers.Connection.ToString() is "close";
}
