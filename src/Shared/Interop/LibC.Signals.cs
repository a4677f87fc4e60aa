using System.Runtime.InteropServices;

namespace StarletNet.Shared.Interop;

internal static unsafe partial class LibC
{
    // ---- signals -----------------------------------------------------------------------------------------------

    internal const int SIG_BLOCK = 0, SIG_UNBLOCK = 1;
    internal const int SFD_CLOEXEC = 0x80000, SFD_NONBLOCK = 0x800;

    /// <summary><c>struct signalfd_siginfo</c>: 128 bytes everywhere, of which only the first 32-bit word (ssi_signo) is read.</summary>
    internal const int SignalInfoSize = 128;

    /// <summary>Returns the error instead of setting errno.</summary>
    [LibraryImport(Library)]
    internal static partial int pthread_sigmask(int how, byte* set, byte* old);

    [LibraryImport(Library)]
    internal static partial int sigaddset(byte* set, int signal);

    [LibraryImport(Library)]
    internal static partial int sigismember(byte* set, int signal);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int signalfd(int fd, byte* mask, int flags);
}
