namespace StarletNet.Hosting.Injection;

/// <summary>
/// The variable that makes the legacy web host builder run <see cref="WorkerHostingStartup"/>. It is set inside the process
/// only, in .NET's copy of the environment, and given back as soon as a host is being built, so that web applications
/// started by this one do not look for our assembly.
/// </summary>
internal static class HostingStartupVariable
{
    private const string Name = "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES";

    private static string? _before;
    private static int _added;

    internal static void Add()
    {
        _before = Environment.GetEnvironmentVariable(Name);
        var ours = typeof(HostingStartupVariable).Assembly.GetName().Name;
        Environment.SetEnvironmentVariable(Name, string.IsNullOrEmpty(_before) ? ours : _before + ";" + ours);
        Volatile.Write(ref _added, 1);
    }

    internal static void Restore()
    {
        if (Interlocked.Exchange(ref _added, 0) == 1) Environment.SetEnvironmentVariable(Name, _before);
    }
}
