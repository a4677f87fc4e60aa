using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StarletNet.Hosting.Worker;

namespace StarletNet.Hosting.Injection;

/// <summary>Also the mark by which a host that has been prepared already is known.</summary>
internal sealed class WorkerLifetimeFactory(WorkerProcess worker, ServiceDescriptor? own)
{
    internal IHostLifetime Create(IServiceProvider provider) =>
        new WorkerLifetime(worker, provider.GetRequiredService<IHostApplicationLifetime>(), own?.Create<IHostLifetime>(provider));
}
