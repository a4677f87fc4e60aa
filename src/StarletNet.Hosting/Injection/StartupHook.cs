using System.Runtime.CompilerServices;
using StarletNet.Hosting.Injection;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;

/// <summary>
/// Entry of the injected assembly: the runtime calls <see cref="Initialize"/> before the application's own Main. The name,
/// the missing namespace and the signature are the runtime's contract for DOTNET_STARTUP_HOOKS.
/// </summary>
/// <remarks>
/// No type of ASP.NET Core may be needed to load or compile this class: the hook also runs in programs that do not carry
/// that framework, such as a console program started by mistake or the <c>dotnet</c> CLI.
/// </remarks>
internal static class StartupHook
{
    public static void Initialize() => Enter(isInjected: true);

    /// <summary>Makes this process a worker, if a master has started it as one; once, whoever comes first.</summary>
    /// <param name="isInjected">The application does not know of it, and may use the legacy web host.</param>
    internal static void Enter(bool isInjected)
    {
        // Anybody else's process (a child that got our hook through a copied environment) is none of our business.
        if (Environment.GetEnvironmentVariable(EnvironmentNames.Listen) is null) return;
        try
        {
            Begin(isInjected);
        }
#pragma warning disable CA1031 // An exception leaving a startup hook ends the process with a core dump and a stack trace.
        catch (Exception error)
#pragma warning restore CA1031
        {
            // Serving on without the inherited listeners would be worse: the application would open ports of its own.
            Console.Error.WriteLine($"starletnet worker: cannot prepare the application: {error.Message}");
            Environment.Exit(ExitCodes.Failure);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Begin(bool isInjected) => WorkerBootstrap.Run(isInjected);
}
