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
}
