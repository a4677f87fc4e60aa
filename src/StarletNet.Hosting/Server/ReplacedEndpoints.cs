using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace StarletNet.Hosting.Server;

/// <summary>Tells the operator which endpoints the application would have opened itself.</summary>
internal static class ReplacedEndpoints
{
    internal static void Log(ILogger log, IEnumerable<string> addresses, IServiceProvider services)
    {
        var kestrel = services.GetService<IOptions<KestrelServerOptions>>()?.Value;
        var configured = kestrel?.ConfigurationLoader?.Configuration.GetSection("Endpoints").GetChildren().Select(e => e["Url"]) ?? [];
        var inCode = kestrel is null ? [] : CodeBackedListenOptions(kestrel).Select(e => e.ToString());
        foreach (var endpoint in addresses.Concat(configured).Concat(inCode).OfType<string>().Distinct())
            WorkerLog.EndpointReplaced(log, endpoint);
    }

    // What the application opens by Listen(…); no public member shows it before the server has started.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CodeBackedListenOptions")]
    private static extern List<ListenOptions> CodeBackedListenOptions(KestrelServerOptions options);
}
