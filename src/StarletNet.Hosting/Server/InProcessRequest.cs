using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace StarletNet.Hosting.Server;

/// <summary>A GET request that goes through the application's whole pipeline without any connection.</summary>
internal static class InProcessRequest
{
    /// <param name="application">As it was given to the server.</param>
    /// <param name="path">With a query, if need be.</param>
    /// <param name="isHttps">How it seems to come: an application that redirects to https answers all the same.</param>
    /// <param name="userAgent">Says who asks.</param>
    /// <returns>The status of the answer. Throws what the application throws.</returns>
    internal static async Task<int> StatusOfAsync<TContext>(IHttpApplication<TContext> application, string path, bool isHttps, string userAgent) where TContext : notnull
    {
        var response = new HttpResponseFeature();
        var context = application.CreateContext(Features(path, isHttps, userAgent, response));
        Exception? failure = null;
        try
        {
            await application.ProcessRequestAsync(context).ConfigureAwait(false);
            return response.StatusCode;
        }
        catch (Exception error)
        {
            failure = error;
            throw;
        }
        finally
        {
            application.DisposeContext(context, failure);
        }
    }

    private static FeatureCollection Features(string path, bool isHttps, string userAgent, HttpResponseFeature response)
    {
        var question = path.IndexOf('?', StringComparison.Ordinal);
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = "GET",
            Scheme = isHttps ? "https" : "http",
            Protocol = "HTTP/1.1",
            Path = Uri.UnescapeDataString(question < 0 ? path : path[..question]),
            QueryString = question < 0 ? "" : path[question..],
            RawTarget = path,
            Headers = { Host = "localhost", UserAgent = userAgent },
            Body = Stream.Null,
        });
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature
        {
            ConnectionId = userAgent,
            LocalIpAddress = IPAddress.Loopback,
            RemoteIpAddress = IPAddress.Loopback,
        });
        features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature());
        return features;
    }
}
