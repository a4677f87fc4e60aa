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
        foreach (var endpoint in addresses.Concat(OfKestrel(services.GetService<IOptions<KestrelServerOptions>>()?.Value)).Distinct())
            WorkerLog.EndpointReplaced(log, endpoint);
    }

    /// <summary>Those of configuration and code, which Kestrel prefers to addresses.</summary>
    internal static IEnumerable<string> OfKestrel(KestrelServerOptions? kestrel)
    {
        var configured = kestrel?.ConfigurationLoader?.Configuration.GetSection("Endpoints").GetChildren().Select(e => e["Url"]) ?? [];
        return configured.Concat(OpenedInCode(kestrel)).OfType<string>();
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
