using StarletNet.Hosting.Worker;

namespace StarletNet.Hosting.Injection;

/// <summary>What happens before the application's Main, in order.</summary>
internal static class WorkerBootstrap
{
    internal static void Run()
    {
        var worker = new WorkerProcess(WorkerSettings.Take());
        WorkerProcess.Current = worker;
        worker.Begin();
        // Every modern builder announces itself by a diagnostic event; the legacy one only runs hosting startups.
        HostBuildingObserver.Subscribe();
        HostingStartupVariable.Add();
    }
}
