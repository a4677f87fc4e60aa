using System.Runtime.InteropServices;

// libc's own names.
#pragma warning disable CS8981, IDE1006

namespace StarletNet.Shared.Interop;

/// <summary>
/// What Tmds.LibC does not declare of libc, each as it would stand there: callers write <c>LibC.flock</c> as they write <c>LibC.open</c>. A
/// declaration that a later version of the package has is removed here; a test compares them.
/// </summary>
internal static unsafe class MissingLibC
{
    // The package's name of it. Native code links against the library (DirectPInvoke in NativeExecutable.props).
    private const string Library = "libc.so.6";

    extension(LibC)
    {
        // ---- users, groups and limits --------------------------------------------------------------------------

        internal static int PR_SET_PDEATHSIG => 1;
        internal static int PR_SET_NAME => 15;
        internal static int PR_SET_NO_NEW_PRIVS => 38;
        internal static int RLIMIT_NOFILE => 7;

        // getpwnam and its like keep their answer in memory of their own: the only thread there is asks, and copies it at once.
        [DllImport(Library, SetLastError = true)]
        internal static extern passwd* getpwnam(byte* name);

        [DllImport(Library, SetLastError = true)]
        internal static extern passwd* getpwuid(uid_t uid);

        [DllImport(Library, SetLastError = true)]
        internal static extern group* getgrnam(byte* name);

        [DllImport(Library, SetLastError = true)]
        internal static extern int initgroups(byte* user, gid_t group);

        /// <summary>Of the calling thread, and of what it starts.</summary>
        [DllImport(Library, SetLastError = true)]
        internal static extern int prctl(int option, nuint arg2, nuint arg3, nuint arg4, nuint arg5);

        [DllImport(Library, SetLastError = true)]
        internal static extern int getrlimit(int resource, rlimit* rlim);

        [DllImport(Library, SetLastError = true)]
        internal static extern int setrlimit(int resource, rlimit* rlim);

        // ---- processes -----------------------------------------------------------------------------------------

        internal static int POSIX_SPAWN_SETPGROUP => 2;
        internal static int POSIX_SPAWN_SETSIGDEF => 4;
        internal static int POSIX_SPAWN_SETSIGMASK => 8;
        internal static int POSIX_SPAWN_SETSID => 0x80;
        internal static int P_PID => 1;
        internal static int WNOHANG => 1;
        internal static int WEXITED => 4;
        internal static int WNOWAIT => 0x01000000;
        internal static nuint AT_EXECFN => 31;

        // Of the posix_spawn family, each returns the error instead of setting errno.
        [DllImport(Library)]
        internal static extern int posix_spawn(pid_t* pid, byte* path, posix_spawn_file_actions_t* file_actions, posix_spawnattr_t* attrp, byte** argv, byte** envp);

        [DllImport(Library)]
        internal static extern int posix_spawnattr_init(posix_spawnattr_t* attr);

        [DllImport(Library)]
        internal static extern int posix_spawnattr_destroy(posix_spawnattr_t* attr);

        [DllImport(Library)]
        internal static extern int posix_spawnattr_setflags(posix_spawnattr_t* attr, short flags);

        [DllImport(Library)]
        internal static extern int posix_spawnattr_setpgroup(posix_spawnattr_t* attr, pid_t pgroup);

        [DllImport(Library)]
        internal static extern int posix_spawnattr_setsigdefault(posix_spawnattr_t* attr, sigset_t* sigdefault);

        [DllImport(Library)]
        internal static extern int posix_spawnattr_setsigmask(posix_spawnattr_t* attr, sigset_t* sigmask);

        [DllImport(Library)]
        internal static extern int posix_spawn_file_actions_init(posix_spawn_file_actions_t* file_actions);

        [DllImport(Library)]
        internal static extern int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t* file_actions);

        [DllImport(Library)]
        internal static extern int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t* file_actions, int fd, int newfd);

        /// <summary>Returns only if it fails. The environment is libc's own, byte for byte.</summary>
        [DllImport(Library, SetLastError = true)]
        internal static extern int execv(byte* path, byte** argv);

        /// <inheritdoc cref="execv"/>
        [DllImport(Library, SetLastError = true)]
        internal static extern int execvp(byte* file, byte** argv);

        /// <summary><c>siginfo_t</c> is written but never read: wait4 fetches the exit.</summary>
        [DllImport(Library, SetLastError = true)]
        internal static extern int waitid(int idtype, int id, byte* infop, int options);

        [DllImport(Library, SetLastError = true)]
        internal static extern pid_t wait4(pid_t pid, int* wstatus, int options, rusage* rusage);

        /// <summary>By number, because glibc before 2.36 has no wrapper. 434 on every architecture.</summary>
        internal static int pidfd_open(pid_t pid) => (int)LibC.syscall(434, (int)pid, 0);

        /// <summary>As kill(2) would send it. 424 on every architecture.</summary>
        internal static int pidfd_send_signal(int pidfd, int signal) => (int)LibC.syscall(424, pidfd, signal, 0, 0);

        /// <summary>As sigqueue(3) would send it.</summary>
        internal static int pidfd_send_signal(int pidfd, siginfo_queued* signal) => (int)LibC.syscall(424, pidfd, signal->si_signo, (void*)signal, 0);

        [DllImport(Library)]
        internal static extern nuint getauxval(nuint type);

        [DllImport(Library, SetLastError = true)]
        internal static extern int setenv(byte* name, byte* value, int overwrite);

        [DllImport(Library, SetLastError = true)]
        internal static extern int unsetenv(byte* name);

        // ---- signals -------------------------------------------------------------------------------------------

        internal static int SFD_CLOEXEC => 0x80000;
        internal static int SFD_NONBLOCK => 0x800;

        [DllImport(Library, SetLastError = true)]
        internal static extern void* signal(int signum, void* handler);

        [DllImport(Library, SetLastError = true)]
        internal static extern int signalfd(int fd, sigset_t* mask, int flags);

        // ---- files ---------------------------------------------------------------------------------------------

        internal static int LOCK_SH => 1;
        internal static int LOCK_EX => 2;
        internal static int LOCK_NB => 4;
        internal static int LOCK_UN => 8;

        /// <summary>linux/magic.h.</summary>
        internal static long PROC_SUPER_MAGIC => 0x9fa0;

        [DllImport(Library, SetLastError = true)]
        internal static extern int flock(int fd, int operation);

        [DllImport(Library, SetLastError = true)]
        internal static extern int rename(byte* oldpath, byte* newpath);

        internal static uint RENAME_EXCHANGE => 2;

        /// <summary>By number, because glibc before 2.28 has no wrapper.</summary>
        internal static int renameat2(int olddirfd, byte* oldpath, int newdirfd, byte* newpath, uint flags) =>
            (int)LibC.syscall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 276 : 316, olddirfd, oldpath, newdirfd, newpath, flags);

        [DllImport(Library, SetLastError = true)]
        internal static extern int fstatfs(int fd, statfs* buf);

        /// <summary>With a null buffer the result is allocated and must be freed.</summary>
        [DllImport(Library, SetLastError = true)]
        internal static extern byte* realpath(byte* path, byte* resolved_path);

        [DllImport(Library)]
        internal static extern void free(void* ptr);

        internal static uint IN_ATTRIB => 0x4;
        internal static uint IN_CLOSE_WRITE => 0x8;
        internal static uint IN_MOVED_FROM => 0x40;
        internal static uint IN_MOVED_TO => 0x80;
        internal static uint IN_CREATE => 0x100;
        internal static uint IN_DELETE => 0x200;
        internal static uint IN_DELETE_SELF => 0x400;
        internal static uint IN_MOVE_SELF => 0x800;
        internal static uint IN_Q_OVERFLOW => 0x4000;
        internal static uint IN_ONLYDIR => 0x01000000;
        internal static uint IN_ISDIR => 0x40000000;
        internal static int IN_NONBLOCK => 0x800;
        internal static int IN_CLOEXEC => 0x80000;

        [DllImport(Library, SetLastError = true)]
        internal static extern int inotify_init1(int flags);

        [DllImport(Library, SetLastError = true)]
        internal static extern int inotify_add_watch(int fd, byte* pathname, uint mask);

        [DllImport(Library, SetLastError = true)]
        internal static extern int inotify_rm_watch(int fd, int wd);
    }
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct passwd
{
    internal byte* pw_name;
    internal byte* pw_passwd;
    internal uid_t pw_uid;
    internal gid_t pw_gid;
    internal byte* pw_gecos;
    internal byte* pw_dir;
    internal byte* pw_shell;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct group
{
    internal byte* gr_name;
    internal byte* gr_passwd;
    internal gid_t gr_gid;
    internal byte** gr_mem;
}

[StructLayout(LayoutKind.Sequential)]
internal struct rlimit
{
    internal ulong rlim_cur;
    internal ulong rlim_max;
}

/// <summary>Two timevals, then 14 longs of which only the first (in KiB) is read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 144)]
internal struct rusage
{
    [FieldOffset(0)] internal long ru_utime_tv_sec;
    [FieldOffset(8)] internal long ru_utime_tv_usec;
    [FieldOffset(16)] internal long ru_stime_tv_sec;
    [FieldOffset(24)] internal long ru_stime_tv_usec;
    [FieldOffset(32)] internal long ru_maxrss;
}

/// <summary>The part that is read, of a 64-bit system.</summary>
[StructLayout(LayoutKind.Explicit, Size = 120)]
internal struct statfs
{
    [FieldOffset(0)] internal long f_type;
}

/// <summary>glibc's, on x86-64 and arm64.</summary>
[StructLayout(LayoutKind.Explicit, Size = 336)]
internal struct posix_spawnattr_t
{
    [FieldOffset(0)] private readonly long _alignment;
}

/// <summary>glibc's, on x86-64 and arm64.</summary>
[StructLayout(LayoutKind.Explicit, Size = 80)]
internal struct posix_spawn_file_actions_t
{
    [FieldOffset(0)] private readonly long _alignment;
}

/// <summary>128 bytes everywhere; the members that are read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct signalfd_siginfo
{
    [FieldOffset(0)] internal uint ssi_signo;
    [FieldOffset(8)] internal int ssi_code;
    [FieldOffset(12)] internal uint ssi_pid;
    [FieldOffset(44)] internal int ssi_int;
}

/// <summary><c>siginfo_t</c> as pidfd_send_signal(2) takes it: 128 bytes on every architecture; x86-64 and arm64 have these offsets.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct siginfo_queued
{
    [FieldOffset(0)] internal int si_signo;
    [FieldOffset(8)] internal int si_code;
    [FieldOffset(16)] internal int si_pid;
    [FieldOffset(20)] internal uint si_uid;
    [FieldOffset(24)] internal nint si_value;
}
