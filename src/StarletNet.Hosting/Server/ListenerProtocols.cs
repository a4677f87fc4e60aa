using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Server;

/// <summary>
/// What the operator says of a listener: TLS, and the versions of HTTP. A listener that speaks HTTP/2 in clear text must speak nothing
/// else, or Kestrel has none. Where nothing is said the application's own defaults hold, which for clear text means HTTP/1.
/// </summary>
internal sealed class ListenerProtocols(WorkerListenerFactory listeners, IReadOnlyList<WorkerListener> asked, TlsFiles? tls)
    : IPostConfigureOptions<KestrelServerOptions>
{
    private HttpsConnectionAdapterOptions? _tls;

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        // There is one place for defaults, and setting ours replaces the application's: read them first and run them first.
        var own = EndpointDefaults(options);
        options.ConfigureEndpointDefaults(endpoint =>
        {
            var listener = listeners.Find(endpoint.EndPoint) is { } bound ? asked[bound.Index] : null;
            // With TLS of ours there is no room for the application's: should its defaults turn it on, there would be two layers.
            if (listener is not { Tls: true }) own(endpoint);
            if (listener is null) return;
            // Never HTTP/3, which the application's defaults may ask for: it needs a socket of its own.
            if (Protocols(listener) is { } protocols) endpoint.Protocols = protocols;
            if (listener.Tls) endpoint.UseHttps(_tls ??= ListenerTls.Of(tls));
        });
    }

    private static HttpProtocols? Protocols(WorkerListener listener) => listener.Http switch
    {
        HttpVersions.Http1 => HttpProtocols.Http1,
        HttpVersions.Http2 => HttpProtocols.Http2,
        _ => listener.Tls ? HttpProtocols.Http1AndHttp2 : null,
    };

    // Kestrel offers no way to read them. The member has had this name from 2.1 to 10.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EndpointDefaults")]
    private static extern Action<ListenOptions> EndpointDefaults(KestrelServerOptions options);
}
