using System.Runtime.InteropServices;

namespace StarletNet.Shared.Interop;

internal static unsafe partial class LibC
{
    // ---- shared memory -----------------------------------------------------------------------------------------

    internal const int PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1;
    internal static readonly nint MAP_FAILED = -1;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int munmap(nint address, nuint length);

    internal const int MADV_DONTNEED = 4;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int madvise(nint address, nuint length, int advice);

    internal const int F_ULOCK = 0, F_LOCK = 1;

    /// <summary>A lock of this process on a file that others have open too; it ends with the process.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int lockf(int fd, int command, long length);
}
