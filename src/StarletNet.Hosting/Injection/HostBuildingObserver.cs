using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;

namespace StarletNet.Hosting.Injection;

/// <summary>
/// Waits for the event by which every modern host builder announces that it is about to build. Callbacks added then run
/// after all of the application's own, so that the server is registered by whichever builder, and nothing registered by the
/// application comes after us.
/// </summary>
internal sealed class HostBuildingObserver : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private const string Source = "Microsoft.Extensions.Hosting";
    private const string HostBuilding = "HostBuilding";

    internal static void Subscribe() => DiagnosticListener.AllListeners.Subscribe(new HostBuildingObserver());

    // One listener of that name per host being built.
    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == Source) value.Subscribe(this);
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == HostBuilding) Prepare(value.Value);
    }

    // Apart from OnNext, because a program without the hosting framework cannot load IHostBuilder.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Prepare(object? payload)
    {
        HostingStartupVariable.Restore();
        if (payload is IHostBuilder builder) builder.ConfigureServices(WorkerServices.AddTo);
    }

    public void OnCompleted()
    {
        // The listener has been disposed of; there is nothing to release.
    }

    public void OnError(Exception error)
    {
        // Diagnostic listeners never report errors.
    }
}
