using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Makes the listeners marked <c>?http=h2</c> speak HTTP/2 alone, without which Kestrel has no HTTP/2 in clear text. Other
/// listeners follow the application's own defaults, which for clear text means HTTP/1 unless it says otherwise.
/// </summary>
internal sealed class ListenerProtocols(WorkerListenerFactory listeners) : IPostConfigureOptions<KestrelServerOptions>
{
    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        // There is one place for defaults, and setting ours replaces the application's: read them first and run them first.
        var own = EndpointDefaults(options);
        options.ConfigureEndpointDefaults(endpoint =>
        {
            own(endpoint);
            if (listeners.Find(endpoint.EndPoint)?.Http == HttpVersions.Http2) endpoint.Protocols = HttpProtocols.Http2;
        });
    }

    // Kestrel offers no way to read them. The member has had this name from 2.1 to 10.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EndpointDefaults")]
    private static extern Action<ListenOptions> EndpointDefaults(KestrelServerOptions options);
}
