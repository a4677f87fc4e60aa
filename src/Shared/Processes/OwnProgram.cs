using System.Runtime.InteropServices;
using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>What this process was started as, for becoming the same again with execve(2).</summary>
internal static unsafe class OwnProgram
{
    private const string ThisImage = "/proc/self/exe";

    /// <summary>argv, argv[0] included: of <c>dotnet program.dll</c> it is more than what Main is given.</summary>
    internal static string[] CommandLine => Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline")).Split('\0')[..^1];

    /// <summary>The path this process was executed by, as its caller's PATH had it; null if the kernel does not tell.</summary>
    internal static string? Path
    {
        get
        {
            var path = Marshal.PtrToStringUTF8((nint)LibC.getauxval(LibC.AT_EXECFN));
            return string.IsNullOrEmpty(path) ? null : path;
        }
    }

    /// <summary>
    /// Replaces this process by a fresh one of the same executable file, arguments and environment. The pid, the children, blocked and
    /// pending signals and what is not close-on-exec stay. Returns only if it fails, with errno in <see cref="Errno.Last"/>.
    /// </summary>
    internal static void Restart()
    {
        // By path, because the process is known by that name in ps; unless somebody has replaced the file meanwhile.
        if (Path is { } path && FileIdentity.OfTarget(path) == FileIdentity.OfTarget(ThisImage)) Execute(path);
        Execute(ThisImage);
    }

    /// <summary>Returns only if it fails, with errno in <see cref="Errno.Last"/>.</summary>
    internal static void Execute(string path)
    {
        using var name = new NativeStrings([path]);
        using var argv = new NativeStrings(CommandLine);
        LibC.execv(name.Pointer[0], argv.Pointer);
    }
}
