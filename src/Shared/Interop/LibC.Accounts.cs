using System.Runtime.InteropServices;

namespace StarletNet.Shared.Interop;

internal static unsafe partial class LibC
{
    // ---- users and groups --------------------------------------------------------------------------------------

    internal const int PR_SET_NO_NEW_PRIVS = 38;
    internal const int RLIMIT_NOFILE = 7;

    [StructLayout(LayoutKind.Sequential)]
    internal struct Passwd
    {
        internal byte* Name;
        internal byte* Password;
        internal uint User;
        internal uint Group;
        internal byte* Comment;
        internal byte* Directory;
        internal byte* Shell;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct GroupEntry
    {
        internal byte* Name;
        internal byte* Password;
        internal uint Group;
        internal byte** Members;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        internal ulong Soft;
        internal ulong Hard;
    }

    // The plain forms: they are asked by the only thread there is, and the answer is copied at once.
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial Passwd* getpwnam(string name);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial Passwd* getpwuid(uint user);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial GroupEntry* getgrnam(string name);

    [LibraryImport(Library)]
    internal static partial uint getuid();

    [LibraryImport(Library)]
    internal static partial uint getegid();

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setgroups(nuint count, uint* groups);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int initgroups(string user, uint group);

    /// <summary>glibc's, which changes all threads of the process.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setgid(uint group);

    /// <inheritdoc cref="setgid"/>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setuid(uint user);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int fchownat(int directory, string path, uint user, uint group, int flags);

    /// <summary>Of the calling thread, and of what it starts.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int prctl(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int getrlimit(int resource, ResourceLimit* limit);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setrlimit(int resource, ResourceLimit* limit);
}
