using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using StarletNet.Hosting.Injection;
using StarletNet.Hosting.Worker;

namespace StarletNet.Hosting.Server;

/// <summary>Wraps the server that the host would have used. Also the mark by which a wrapped registration is known.</summary>
internal sealed class WorkerServerFactory(WorkerProcess worker, ServiceDescriptor original, WorkerListenerFactory listeners, HttpLimits limits)
{
    internal IServer Create(IServiceProvider provider) =>
        new WorkerServer(worker, original.Create<IServer>(provider), listeners, limits, provider);
}
