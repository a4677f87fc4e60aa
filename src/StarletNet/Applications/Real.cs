using System.Runtime.InteropServices;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>Paths with every link in them followed, by realpath(3).</summary>
internal static unsafe class Real
{
    /// <returns>Null if it leads nowhere; the reason is <see cref="Errno.Last"/>.</returns>
    internal static string? PathOrNull(string path)
    {
        var resolved = LibC.realpath(path, null);
        if (resolved == null) return null;
        try
        {
            return Marshal.PtrToStringUTF8((nint)resolved)!;
        }
        finally
        {
            LibC.free(resolved);
        }
    }

    /// <summary>The same, or the path as it is.</summary>
    internal static string Path(string path) => PathOrNull(path) ?? path;
}
