using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Options;
using StarletNet.Hosting.Server;
using StarletNet.Hosting.Worker;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Injection;

/// <summary>
/// What the worker changes in a host's services. Everything is replaced in place and recognised when seen again, so that it
/// does not matter how often a host passes here.
/// </summary>
internal static class WorkerServices
{
    internal static void AddTo(IServiceCollection services)
    {
        var worker = WorkerProcess.Current ?? throw new InvalidOperationException("This process is not a worker.");
        ReplaceLifetime(services, worker);
        WrapServer(services, worker);
    }

    /// <summary>
    /// The console's and systemd's lifetimes stop the host, and with it Kestrel, on the first signal and before any drain;
    /// every registered signal handler runs, so cancelling in ours would not hold theirs back. A lifetime of the
    /// application's own making is kept and consulted.
    /// </summary>
    private static void ReplaceLifetime(IServiceCollection services, WorkerProcess worker)
    {
        var own = services.LastOrDefault(s => s.ServiceType == typeof(IHostLifetime) && !StopsOnSignals(s));
        if (own?.ImplementationFactory?.Target is WorkerLifetimeFactory) return;
        services.RemoveAll<IHostLifetime>();
        services.AddSingleton<IHostLifetime>(new WorkerLifetimeFactory(worker, own).Create);
    }

    private static bool StopsOnSignals(ServiceDescriptor lifetime) =>
        lifetime.ImplementationType == typeof(ConsoleLifetime) || lifetime.ImplementationType?.Name == "SystemdLifetime";

    private static void WrapServer(IServiceCollection services, WorkerProcess worker)
    {
        // A host without a server: a worker service, perhaps with a web application inside that comes here by itself.
        var original = services.LastOrDefault(s => s.ServiceType == typeof(IServer));
        if (original is null || original.ImplementationFactory?.Target is WorkerServerFactory) return;

        var listeners = new WorkerListenerFactory();
        var limits = new HttpLimits(worker.Settings.Http);
        services.Remove(original);
        services.AddSingleton<IServer>(new WorkerServerFactory(worker, original, listeners, limits).Create);
        // Kestrel asks the factories in reverse order of registration; ours answers only for endpoints of the worker.
        services.AddSingleton<IConnectionListenerFactory>(listeners);
        services.AddSingleton<IPostConfigureOptions<KestrelServerOptions>>(new StrictContentLength());
        services.AddSingleton<IPostConfigureOptions<KestrelServerOptions>>(limits);
        if (limits.KeepsAppEndpoints) services.AddSingleton<IPostConfigureOptions<SocketTransportOptions>>(new KeptEndpoints());
        if (worker.Settings.Listeners.Any(l => l.Tls || l.Http != HttpVersions.Usual))
            services.AddSingleton<IPostConfigureOptions<KestrelServerOptions>>(new ListenerProtocols(listeners, worker.Settings.Listeners, worker.Settings.Tls));
        // Each is put before those that are here already, and so sees a request earlier.
        if (worker.Settings.Http.Find(HttpSettings.Path) is { } path) services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(new PathPrefix(path.Value)));
        if (worker.Settings.Http.Find(HttpSettings.Forwarded) is not { Number: 0 }) services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(new ForwardedFromNear()));
        // Outside of the prefix: their paths stand as they were given. And before forwarded headers are believed: who asks is what the kernel says of the
        // connection, whatever a header says.
        if (worker.Settings.Http.Find(HttpSettings.StatusPath) is { } statusPath)
            services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(new StatusPage(statusPath.Value, worker.Settings.Scoreboard)));
        if (worker.Settings.Http.Find(HttpSettings.HealthPath) is { } healthPath)
            services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(new HealthPage(healthPath.Value, worker.Settings.Scoreboard)));
        if (SharedKeys.AreUsedBy(services)) SharedKeys.AddTo(services, worker);
        services.PostConfigure<HostOptions>(worker.RaiseShutdownTimeout);
    }
}
