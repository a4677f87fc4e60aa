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
        foreach (var endpoint in addresses.Concat(configured).Concat(OpenedInCode(kestrel)).OfType<string>().Distinct())
            WorkerLog.EndpointReplaced(log, endpoint);
    }

    private static IEnumerable<string?> OpenedInCode(KestrelServerOptions? kestrel)
    {
        try
        {
            return kestrel is null ? [] : CodeBackedListenOptions(kestrel).Select(e => e.ToString());
        }
        catch (MissingMemberException)
        {
            // A later Kestrel keeps them elsewhere. They are replaced all the same; only our line is missing, not Kestrel's own.
            return [];
        }
    }

    // What the application opens by Listen(…); no public member shows it before the server has started.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_CodeBackedListenOptions")]
    private static extern List<ListenOptions> CodeBackedListenOptions(KestrelServerOptions options);
}
