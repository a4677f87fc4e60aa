using System.Runtime.InteropServices;

namespace StarletNet.Shared.Interop;

internal static unsafe partial class LibC
{
    // ---- what the master needs ---------------------------------------------------------------------------------

    /// <summary>The address family is not compiled into the kernel, or switched off.</summary>
    internal static readonly Errno EAFNOSUPPORT = new(97);

    internal const int X_OK = 1, W_OK = 2, R_OK = 4;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int access(string path, int mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int openat(int directory, string path, int flags, int mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint readlinkat(int directory, string path, byte* buffer, nint size);

    /// <summary>linux/magic.h.</summary>
    internal const long PROC_SUPER_MAGIC = 0x9fa0;

    /// <summary>The part of <c>struct statfs</c> that is read, of a 64-bit system.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    internal struct StatFs
    {
        [FieldOffset(0)]
        internal long Type;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fstatfs(int fd, StatFs* stat);

    /// <summary>With a null buffer the result is allocated and must be freed.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte* realpath(string path, byte* resolved);

    [LibraryImport(Library)]
    internal static partial void free(void* memory);
}
