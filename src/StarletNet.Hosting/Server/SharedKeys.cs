using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StarletNet.Hosting.Worker;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Has the workers load their Data Protection keys one after the other. Where there are none yet, as at each start of a container, the
/// first one makes them and the others find them. Left to themselves two workers may each make their own, know the other's not, and
/// refuse its cookies for as long as a day, which is how long Data Protection keeps what it has read.
/// </summary>
/// <remarks>The first of the host's services, before Data Protection's own, which loads the keys in any case.</remarks>
internal sealed class SharedKeys(WorkerProcess worker, IServiceProvider services) : IHostedService
{
    private const string KeyDirectory = ".aspnet/DataProtection-Keys";

    /// <summary>By name, so that an application without it does not load its assembly.</summary>
    internal static bool AreUsedBy(IServiceCollection services) =>
        services.Any(service => service.ServiceType.FullName == "Microsoft.AspNetCore.DataProtection.IDataProtectionProvider");

    internal static void AddTo(IServiceCollection services, WorkerProcess worker)
    {
        services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => new SharedKeys(worker, provider)));
        if (worker.Settings.Identity is not { } identity) return;
        // Data Protection names an application by its content root, with every link resolved, unless the application calls SetApplicationName.
        // With releases behind a link, or in copies, that directory changes with each deploy, and all cookies and antiforgery tokens would be void.
        // The path that leads there stays the same.
        var directory = Directory.GetCurrentDirectory();
        services.PostConfigure<DataProtectionOptions>(keys =>
        {
            if (keys.ApplicationDiscriminator?.StartsWith(directory, StringComparison.Ordinal) == true)
                keys.ApplicationDiscriminator = identity + keys.ApplicationDiscriminator[directory.Length..];
        });
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var log = WorkerLogger.Of(services);
        using (worker.Settings.Scoreboard.WaitForTurn())
        {
            try
            {
                services.GetRequiredService<IDataProtectionProvider>().CreateProtector("StarletNet").Protect([]);
            }
#pragma warning disable CA1031 // Whatever a key store may throw. The application is about to meet it too, and decides what it means.
            catch (Exception error)
#pragma warning restore CA1031
            {
                WorkerLog.KeysUnavailable(log, error);
            }
        }
        if (AreNowhere()) WorkerLog.KeysNotShared(log);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Without a store of the application's choice and without a home, Data Protection keeps the keys in memory.
    private bool AreNowhere()
    {
        if (services.GetRequiredService<IOptions<KeyManagementOptions>>().Value.XmlRepository is not null) return false;
        // It looks there before HOME; where that is it knows best.
        if (Environment.GetEnvironmentVariable("LOCALAPPDATA") is not null || Environment.GetEnvironmentVariable("USERPROFILE") is not null) return false;
        return Environment.GetEnvironmentVariable("HOME") is not { Length: > 0 } home
            || !Directory.Exists(Path.Combine(home, KeyDirectory)) || Directory.GetFiles(Path.Combine(home, KeyDirectory)).Length == 0;
    }
}
