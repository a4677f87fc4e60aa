using System.Runtime.InteropServices;

namespace StarletNet.Shared.Interop;

internal static unsafe partial class LibC
{
    // ---- signals -----------------------------------------------------------------------------------------------

    internal const int SIG_BLOCK = 0, SIG_UNBLOCK = 1;
    internal const int SFD_CLOEXEC = 0x80000, SFD_NONBLOCK = 0x800;

    /// <summary><c>struct signalfd_siginfo</c>: 128 bytes everywhere. The offsets are those of the members that are read.</summary>
    internal const int SignalInfoSize = 128;

    internal const int SignalInfoCode = 8, SignalInfoPid = 12, SignalInfoInt = 44;

    /// <summary><c>si_code</c> of a signal that sigqueue(3) has sent.</summary>
    internal const int SI_QUEUE = -1;

    /// <summary>sigqueue(3). <c>union sigval</c> is passed like a pointer.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int sigqueue(int pid, int signal, nint value);

    /// <summary>
    /// <c>siginfo_t</c> as pidfd_send_signal(2) takes it: 128 bytes on every architecture; x86-64 and arm64 have these offsets.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct SignalInfo
    {
        [FieldOffset(0)] internal int Number;
        [FieldOffset(8)] internal int Code;
        [FieldOffset(16)] internal int Pid;
        [FieldOffset(20)] internal uint Uid;
        [FieldOffset(24)] internal nint Value;
    }

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
