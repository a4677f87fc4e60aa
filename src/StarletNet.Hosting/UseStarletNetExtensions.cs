using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using StarletNet.Hosting.Injection;
using StarletNet.Hosting.Worker;

namespace StarletNet.Hosting;

/// <summary>
/// For applications that starletnet cannot add itself to, because they are published trimmed or as native code: they call one of these
/// before they build their host. In a process that starletnet has not started, and in one that it has added itself to, they do nothing.
/// </summary>
public static class UseStarletNetExtensions
{
    /// <summary>Makes the application run in the workers of starletnet.</summary>
    /// <param name="builder">A <c>WebApplicationBuilder</c>, of any of its kinds, or another builder of that interface.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder UseStarletNet<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        StartupHook.Enter(isInjected: false);
        return builder;
    }

    /// <inheritdoc cref="UseStarletNet{TBuilder}(TBuilder)"/>
    /// <param name="builder">The generic host's.</param>
    public static IHostBuilder UseStarletNet(this IHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        StartupHook.Enter(isInjected: false);
        return builder;
    }

    /// <inheritdoc cref="UseStarletNet{TBuilder}(TBuilder)"/>
    /// <param name="builder">
    /// The web host's. A <c>WebHostBuilder</c>, which does not say when it builds, must have been given its server (<c>UseKestrel</c>) before.
    /// </param>
    public static IWebHostBuilder UseStarletNet(this IWebHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        StartupHook.Enter(isInjected: false);
        if (builder is WebHostBuilder && WorkerProcess.Current is not null) builder.ConfigureServices(WorkerServices.AddTo);
        return builder;
    }
}
