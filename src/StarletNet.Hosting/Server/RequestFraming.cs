using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Refuses requests of which two servers might disagree where they end, before the application sees them. Kestrel decodes
/// them as if they were well-formed, and a proxy in front that reads them otherwise would take the rest of one client's
/// request for the beginning of another's.
/// </summary>
internal static class RequestFraming
{
    private const string Chunked = "chunked";

    /// <exception cref="BadHttpRequestException">Kestrel answers with its status and closes the connection.</exception>
    internal static void Check(IFeatureCollection features)
    {
        var request = (IHttpRequestFeature)features[typeof(IHttpRequestFeature)]!;
        var codings = request.Headers.TransferEncoding;
        if (HttpProtocol.IsHttp2(request.Protocol))
        {
            CheckHttp2(request.Headers);
            return;
        }
        // Nearly every request ends here: one bit of Kestrel's header collection.
        if (codings.Count == 0) return;
        Check(request.Protocol, codings);
        request.Body = new ChunkedBody(request.Body);
    }

    /// <summary>
    /// RFC 9113, 8.2.2: a request with a connection-specific field is malformed. Kestrel sees to Connection and TE. Of these the first is what an attacker
    /// adds to a request that a proxy turns into HTTP/1.
    /// </summary>
    private static void CheckHttp2(IHeaderDictionary headers)
    {
        if (headers.TransferEncoding.Count != 0 || headers.Upgrade.Count != 0 || headers.KeepAlive.Count != 0 || headers["Proxy-Connection"].Count != 0)
            throw Refused("a connection-specific field in an HTTP/2 request", StatusCodes.Status400BadRequest);
    }


    /// <summary>RFC 9110, 10.1.1: a server that does not support an expectation may answer 417, as Starlet, Starlight and Starman do.</summary>
    /// <exception cref="BadHttpRequestException">Kestrel answers with its status and closes the connection.</exception>
    internal static void CheckExpectation(IFeatureCollection features)
    {
        var expected = ((IHttpRequestFeature)features[typeof(IHttpRequestFeature)]!).Headers.Expect;
        if (expected.Count != 0 && !expected.ToString().Equals("100-continue", StringComparison.OrdinalIgnoreCase))
            throw Refused("an expectation other than 100-continue", StatusCodes.Status417ExpectationFailed);
    }

    // Kestrel has made sure of one thing by now: the last coding is chunked (RFC 9112, 6.3).
    private static void Check(string protocol, StringValues codings)
    {
        // RFC 9112, 6.1: in an HTTP/1.0 message "treat the message as if the framing is faulty, even if a Content-Length is present".
        if (HttpProtocol.IsHttp10(protocol)) throw Refused("Transfer-Encoding in an HTTP/1.0 request", StatusCodes.Status400BadRequest);
        var chunked = 0;
        foreach (var line in codings)
        {
            // RFC 9110, 5.6.1.2: empty elements of a list are ignored.
            foreach (var coding in line!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                // RFC 9112, 6.1: a coding that the server does not understand is answered with 501.
                if (!coding.Equals(Chunked, StringComparison.OrdinalIgnoreCase))
                    throw Refused("a transfer coding other than chunked", StatusCodes.Status501NotImplemented);
                chunked++;
            }
        }
        // RFC 9112, 6.1: "A sender MUST NOT apply the chunked transfer coding more than once to a message body."
        if (chunked > 1) throw Refused("chunked applied more than once", StatusCodes.Status400BadRequest);
    }

    private static BadHttpRequestException Refused(string what, int status) => new($"Request refused: {what}.", status);
}
