using System.Runtime.InteropServices;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>A path with every link in it followed, by realpath(3).</summary>
internal static unsafe class RealPath
{
    /// <returns>Null if it leads nowhere; the reason is <see cref="Errno.Last"/>.</returns>
    internal static string? Of(string path)
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
    internal static string OrAsItIs(string path) => Of(path) ?? path;
}
