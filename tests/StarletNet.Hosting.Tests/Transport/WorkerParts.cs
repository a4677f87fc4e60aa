using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StarletNet.Hosting.Injection;
using StarletNet.Hosting.Server;
using StarletNet.Hosting.Transport;
using StarletNet.Hosting.Worker;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>What a worker wraps round Kestrel, in the test's own process: it follows every request and knows its route.</summary>
internal static class WorkerParts
{
    internal static void AddTo(IServiceCollection services, EpollTransport transport, ILogger log)
    {
        var listeners = new WorkerListenerFactory();
        listeners.Use(new Traffic(transport, new ScoreboardPlace(Scoreboard.Create(1), 0), new ConnectionLimits(), () => { }, log));
        services.AddSingleton<IConnectionListenerFactory>(listeners);
        var kestrel = services.Last(service => service.ServiceType == typeof(IServer));
        services.AddSingleton<IServer>(provider => new FollowingServer(kestrel.Create<IServer>(provider), transport));
    }

    private sealed class FollowingServer(IServer kestrel, EpollTransport transport) : IServer
    {
        public IFeatureCollection Features => kestrel.Features;

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull =>
            kestrel.StartAsync(new WorkerApplication<TContext>(application, transport), cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => kestrel.StopAsync(cancellationToken);

        public void Dispose() => kestrel.Dispose();
    }
}
