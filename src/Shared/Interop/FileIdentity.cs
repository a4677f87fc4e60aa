namespace StarletNet.Shared.Interop;

/// <summary>Device and inode: whether two names, or a name and a descriptor, are the same file.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode, int Kind)
{
    internal bool IsSocket => Kind == LibC.S_IFSOCK;

    internal bool IsRegular => Kind == LibC.S_IFREG;

    internal bool IsDirectory => Kind == LibC.S_IFDIR;

    internal bool IsLink => Kind == LibC.S_IFLNK;

    internal bool IsPipe => Kind == LibC.S_IFIFO;

    /// <summary>Of a name, links not followed; null if there is no such file.</summary>
    internal static FileIdentity? Of(string path) => Query(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW);

    /// <summary>Of what a name leads to, links followed; null if there is no such file.</summary>
    internal static FileIdentity? OfTarget(string path) => Query(LibC.AT_FDCWD, path, 0);

    internal static FileIdentity? Of(int fd) => Query(fd, "", LibC.AT_EMPTY_PATH);

    /// <summary>Whose it is, links not followed; null if there is no such file.</summary>
    internal static unsafe uint? OwnerOf(string path)
    {
        LibC.StatX stat;
        return LibC.statx(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW, LibC.STATX_BASIC_STATS, &stat) == 0 ? stat.Owner : null;
    }

    /// <summary>Whose it is; null if that cannot be told.</summary>
    internal static unsafe uint? OwnerOf(int fd)
    {
        LibC.StatX stat;
        return LibC.statx(fd, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &stat) == 0 ? stat.Owner : null;
    }

    /// <summary>Who owns an open file, and what who may do with it; null if that cannot be told.</summary>
    internal static unsafe (uint Owner, int Mode)? RightsOf(int fd)
    {
        LibC.StatX stat;
        return LibC.statx(fd, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &stat) == 0 ? (stat.Owner, stat.Mode) : null;
    }

    internal static unsafe bool IsOnProc(int fd)
    {
        LibC.StatFs stat;
        return LibC.fstatfs(fd, &stat) == 0 && stat.Type == LibC.PROC_SUPER_MAGIC;
    }

    /// <summary>Bytes in an open file; 0 if that cannot be told.</summary>
    internal static unsafe long SizeOf(int fd)
    {
        LibC.StatX stat;
        return LibC.statx(fd, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &stat) == 0 ? (long)stat.Size : 0;
    }

    private static unsafe FileIdentity? Query(int directory, string path, int flags)
    {
        LibC.StatX stat;
        return LibC.statx(directory, path, flags, LibC.STATX_BASIC_STATS, &stat) == 0
            ? new FileIdentity(stat.DeviceMajor, stat.DeviceMinor, stat.Inode, stat.Mode & LibC.S_IFMT)
            : null;
    }
}
