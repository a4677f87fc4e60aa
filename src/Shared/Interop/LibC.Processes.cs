using System.Runtime.InteropServices;

namespace StarletNet.Shared.Interop;

internal static unsafe partial class LibC
{
    // ---- processes ---------------------------------------------------------------------------------------------

    internal const short POSIX_SPAWN_SETPGROUP = 2, POSIX_SPAWN_SETSIGDEF = 4, POSIX_SPAWN_SETSIGMASK = 8, POSIX_SPAWN_SETSID = 0x80;

    // glibc's opaque types: posix_spawnattr_t is 336 bytes, posix_spawn_file_actions_t 80, sigset_t 128 (x86-64 and arm64).
    internal const int SpawnAttributesSize = 512, SpawnFileActionsSize = 256, SignalSetSize = 128;

    internal const int P_PID = 1;
    internal const int WNOHANG = 1, WEXITED = 4, WNOWAIT = 0x01000000;

    internal const ulong AT_EXECFN = 31;

    internal static readonly nint SIG_DFL = 0, SIG_IGN = 1;

    /// <summary><c>struct rusage</c>: two timevals, then 14 longs of which only the first (ru_maxrss, in KiB) is read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 144)]
    internal struct RUsage
    {
        [FieldOffset(0)] internal long UserSeconds;
        [FieldOffset(8)] internal long UserMicroseconds;
        [FieldOffset(16)] internal long SystemSeconds;
        [FieldOffset(24)] internal long SystemMicroseconds;
        [FieldOffset(32)] internal long MaximumResidentKiB;
    }

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn(int* pid, string path, byte* fileActions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setpgroup(byte* attributes, int group);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* set);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigmask(byte* attributes, byte* set);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int newfd);

    [LibraryImport(Library)]
    internal static partial int sigemptyset(byte* set);

    [LibraryImport(Library)]
    internal static partial int sigfillset(byte* set);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint signal(int number, nint handler);

    /// <summary>glibc's <c>struct sigaction</c>: the handler comes first; 152 bytes on x86-64 and arm64.</summary>
    internal const int SignalActionSize = 152;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int sigaction(int number, byte* action, byte* old);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int execvp(byte* file, byte** argv);

    [LibraryImport(Library)]
    internal static partial void _exit(int status);

    /// <summary>Returns only if it fails. The environment is libc's own, byte for byte.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int execv(byte* path, byte** argv);

    [LibraryImport(Library)]
    internal static partial nuint getauxval(ulong type);

    /// <summary><c>siginfo_t</c> is written but never read: the exit is fetched by <see cref="wait4"/>.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int waitid(int idType, int id, byte* siginfo, int options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int wait4(int pid, int* status, int options, RUsage* usage);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int getpgid(int pid);

    [LibraryImport(Library)]
    internal static partial int getpid();

    [LibraryImport(Library)]
    internal static partial int getppid();

    internal const int PR_SET_PDEATHSIG = 1, PR_SET_NAME = 15;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int prctl(int option, nint argument);

    [LibraryImport(Library)]
    internal static partial uint geteuid();

    /// <summary>pidfd_open(2); by number because glibc before 2.36 has no wrapper. 434 on every architecture.</summary>
    internal static int pidfd_open(int pid) => (int)syscall(434, pid, 0);

    /// <summary>pidfd_send_signal(2), as kill(2) would send it. 424 on every architecture.</summary>
    internal static int pidfd_send_signal(int pidfd, int signal) => (int)syscall(424, pidfd, signal, 0, 0);

    /// <summary>pidfd_send_signal(2), as sigqueue(3) would send it.</summary>
    internal static int pidfd_send_signal(int pidfd, SignalInfo* signal) => (int)syscall(424, pidfd, signal->Number, (nint)signal, 0);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second);

    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth);

    // ---- environment -------------------------------------------------------------------------------------------

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int setenv(string name, string value, int overwrite);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unsetenv(string name);
}
