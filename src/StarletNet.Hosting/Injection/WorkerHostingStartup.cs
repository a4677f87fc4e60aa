using Microsoft.AspNetCore.Hosting;
using StarletNet.Hosting.Injection;

[assembly: HostingStartup(typeof(WorkerHostingStartup))]

namespace StarletNet.Hosting.Injection;

/// <summary>The way into the legacy web host builder, which raises no diagnostic event.</summary>
/// <remarks>
/// Modern builders run hosting startups too, but early: before Kestrel's own services, which would then come last and win.
/// They are left to <see cref="HostBuildingObserver"/>. The legacy builder runs them last.
/// </remarks>
internal sealed class WorkerHostingStartup : IHostingStartup
{
    public void Configure(IWebHostBuilder builder)
    {
        HostingStartupVariable.Restore();
        if (builder is WebHostBuilder) builder.ConfigureServices(WorkerServices.AddTo);
    }
}
