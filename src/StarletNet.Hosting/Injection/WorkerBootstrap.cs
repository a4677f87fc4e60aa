using StarletNet.Hosting.Worker;

namespace StarletNet.Hosting.Injection;

/// <summary>What happens before the application's Main, in order.</summary>
internal static class WorkerBootstrap
{
    /// <param name="isInjected">The application does not call <c>UseStarletNet</c>.</param>
    internal static void Run(bool isInjected)
    {
        var worker = new WorkerProcess(WorkerSettings.Take());
        WorkerProcess.Current = worker;
        worker.Begin();
        WorkerName.Show();
        // Every modern builder announces itself by a diagnostic event; the legacy one only runs hosting startups.
        HostBuildingObserver.Subscribe();
        if (isInjected) HostingStartupVariable.Add();
    }
}
