namespace StarletNet.Shared.Interop;

/// <summary>Device and inode: whether two names, or a name and a descriptor, are the same file.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode, int Kind)
{
    internal bool IsSocket => Kind == (ushort)LibC.S_IFSOCK;

    internal bool IsRegular => Kind == (ushort)LibC.S_IFREG;

    internal bool IsDirectory => Kind == (ushort)LibC.S_IFDIR;

    internal bool IsLink => Kind == (ushort)LibC.S_IFLNK;

    internal bool IsPipe => Kind == (ushort)LibC.S_IFIFO;

    /// <summary>Of a name, links not followed; null if there is no such file.</summary>
    internal static FileIdentity? Of(string path) => Query(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW);

    /// <summary>Of what a name leads to, links followed; null if there is no such file.</summary>
    internal static FileIdentity? OfTarget(string path) => Query(LibC.AT_FDCWD, path, 0);

    internal static FileIdentity? Of(int fd) => Query(fd, "", LibC.AT_EMPTY_PATH);

    /// <summary>Whose it is, links not followed; null if there is no such file.</summary>
    internal static unsafe uint? OwnerOf(string path)
    {
        statx stat;
        return LibC.statx(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW, LibC.STATX_BASIC_STATS, &stat) == 0 ? stat.stx_uid : null;
    }

    /// <summary>Whose it is; null if that cannot be told.</summary>
    internal static unsafe uint? OwnerOf(int fd)
    {
        statx stat;
        return LibC.statx(fd, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &stat) == 0 ? stat.stx_uid : null;
    }

    /// <summary>Who owns an open file, and what who may do with it; null if that cannot be told.</summary>
    internal static unsafe (uint Owner, int Mode)? RightsOf(int fd)
    {
        statx stat;
        return LibC.statx(fd, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &stat) == 0 ? (stat.stx_uid, stat.stx_mode) : null;
    }

    internal static unsafe bool IsOnProc(int fd)
    {
        statfs stat;
        return LibC.fstatfs(fd, &stat) == 0 && stat.f_type == LibC.PROC_SUPER_MAGIC;
    }

    /// <summary>Bytes in an open file; 0 if that cannot be told.</summary>
    internal static unsafe long SizeOf(int fd)
    {
        statx stat;
        return LibC.statx(fd, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &stat) == 0 ? (long)stat.stx_size : 0;
    }

    private static unsafe FileIdentity? Query(int directory, string path, int flags)
    {
        statx stat;
        return LibC.statx(directory, path, flags, LibC.STATX_BASIC_STATS, &stat) == 0
            ? new FileIdentity(stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino, stat.stx_mode & (ushort)LibC.S_IFMT)
            : null;
    }
}
