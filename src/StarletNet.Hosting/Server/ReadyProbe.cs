using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace StarletNet.Hosting.Server;

/// <summary>
/// <c>--ready-path</c>: asks the application itself, by a request that goes through its whole pipeline without any connection, and again until
/// it answers 2xx. Only then the worker takes connections. How long that may take is the master's to say.
/// </summary>
/// <param name="path">With a query, if need be.</param>
/// <param name="isHttps">How it seems to come: an application that sends everybody else to https is ready all the same.</param>
/// <param name="unready">Hears of each new kind of failure once.</param>
internal sealed class ReadyProbe(string path, bool isHttps, Action<string> unready)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    internal async Task PassAsync<TContext>(IHttpApplication<TContext> application, CancellationToken stopping) where TContext : notnull
    {
        string? said = null;
        while (await AskAsync(application).ConfigureAwait(false) is { } failure)
        {
            if (failure != said) unready(failure);
            said = failure;
            await Task.Delay(Interval, stopping).ConfigureAwait(false);
        }
    }

    /// <returns>Null: it is ready.</returns>
    private async Task<string?> AskAsync<TContext>(IHttpApplication<TContext> application) where TContext : notnull
    {
        var response = new HttpResponseFeature();
        var context = application.CreateContext(Request(response));
        Exception? failure = null;
        try
        {
            await application.ProcessRequestAsync(context).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever the application throws means that it is not ready.
        catch (Exception error)
#pragma warning restore CA1031
        {
            failure = error;
        }
        application.DisposeContext(context, failure);
        if (failure is not null) return $"{failure.GetType().Name}: {failure.Message}";
        return response.StatusCode is >= 200 and <= 299 ? null : $"status {response.StatusCode}";
    }

    private FeatureCollection Request(HttpResponseFeature response)
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
            Headers = { Host = "localhost", UserAgent = "starletnet-ready" },
            Body = Stream.Null,
        });
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature
        {
            ConnectionId = "ready",
            LocalIpAddress = IPAddress.Loopback,
            RemoteIpAddress = IPAddress.Loopback,
        });
        features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature());
        return features;
    }
}
