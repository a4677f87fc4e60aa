using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>The <c>dotnet</c> command that runs framework-dependent applications.</summary>
internal static class DotnetHost
{
    /// <summary>DOTNET_ROOT, then DOTNET_HOST_PATH, then PATH, as the SDK's own tools look for it.</summary>
    /// <exception cref="OperatorException">There is none.</exception>
    internal static string Find(Func<string, string?> environment)
    {
        if (environment("DOTNET_ROOT") is { Length: > 0 } root) return Existing("DOTNET_ROOT", System.IO.Path.Combine(root, "dotnet"));
        if (environment("DOTNET_HOST_PATH") is { Length: > 0 } host) return Existing("DOTNET_HOST_PATH", host);
        var found = (environment("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => System.IO.Path.GetFullPath(System.IO.Path.Combine(directory, "dotnet")))
            .FirstOrDefault(IsExecutable);
        return found ?? throw Missing("there is no dotnet in PATH; install the ASP.NET Core runtime or set DOTNET_ROOT to where it is");
    }

    private static string Existing(string variable, string path)
    {
        if (IsExecutable(path)) return System.IO.Path.GetFullPath(path);
        throw Missing($"{variable} points to {path}, {(ClosedDirectory.OnTheWayTo(System.IO.Path.GetFullPath(path)) is { } closed ? $"and {closed.Reason}" : "which is not an executable file")}");
    }

    // access(2) also says yes to a directory that may be entered.
    private static bool IsExecutable(string path) => File.Exists(path) && LibC.access(path, LibC.X_OK) == 0;

    private static OperatorException Missing(string why) => new($"cannot find the dotnet host: {why}", ExitCodes.Failure) { IsLasting = true };
}
