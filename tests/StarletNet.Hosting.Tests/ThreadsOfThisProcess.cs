using System.Runtime.CompilerServices;

namespace StarletNet.Hosting.Tests;

/// <summary>
/// Servers under test run in this process, beside tests that block its pool's threads on purpose (clients read synchronously, handlers sleep).
/// On a busy machine the pool replaces a blocked thread only after as many seconds as it has threads; a test that waits for the pool
/// then takes a minute. What the pool does in an application is tested in processes of their own.
/// </summary>
internal static class ThreadsOfThisProcess
{
    private const int Plenty = 200;

    [ModuleInitializer]
    internal static void Provide() => ThreadPool.SetMinThreads(Plenty, Plenty);
}
