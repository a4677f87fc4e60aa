using Microsoft.Extensions.Hosting;

namespace StarletNet.Hosting.Worker;

/// <summary>
/// The host's lifetime inside a worker: signals go to the worker, which drains first, and only then stops the host. Every
/// host of the process has one; when the drain is over all of them are stopped.
/// </summary>
internal sealed class WorkerLifetime(WorkerProcess worker, IHostApplicationLifetime application, IHostLifetime? own)
    : IHostLifetime, IDisposable
{
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        worker.AddHost(application.StopApplication);
        return own?.WaitForStartAsync(cancellationToken) ?? Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => own?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public void Dispose() => (own as IDisposable)?.Dispose();
}
