using System.Text;

// libc's own names.
#pragma warning disable IDE1006

namespace StarletNet.Shared.Interop;

/// <summary>The functions that take a path or a name, for .NET's strings: Tmds.LibC and libc take null-terminated bytes.</summary>
internal static unsafe class StringLibC
{
    extension(LibC)
    {
        internal static int access(string pathname, int mode)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.access(pathnameBytes, mode);
        }

        internal static int chdir(string path)
        {
            fixed (byte* pathBytes = Terminated(path)) return LibC.chdir(pathBytes);
        }

        internal static int chmod(string pathname, uint mode)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.chmod(pathnameBytes, (ushort)mode);
        }

        internal static int fchownat(int dirfd, string pathname, uid_t owner, gid_t group, int flags)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.fchownat(dirfd, pathnameBytes, owner, group, flags);
        }

        internal static group* getgrnam(string name)
        {
            fixed (byte* nameBytes = Terminated(name)) return LibC.getgrnam(nameBytes);
        }

        internal static passwd* getpwnam(string name)
        {
            fixed (byte* nameBytes = Terminated(name)) return LibC.getpwnam(nameBytes);
        }

        internal static int initgroups(string user, gid_t group)
        {
            fixed (byte* userBytes = Terminated(user)) return LibC.initgroups(userBytes, group);
        }

        internal static int inotify_add_watch(int fd, string pathname, uint mask)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.inotify_add_watch(fd, pathnameBytes, mask);
        }

        internal static int link(string oldpath, string newpath)
        {
            fixed (byte* oldpathBytes = Terminated(oldpath), newpathBytes = Terminated(newpath)) return LibC.link(oldpathBytes, newpathBytes);
        }

        internal static int memfd_create(string name, uint flags)
        {
            fixed (byte* nameBytes = Terminated(name)) return LibC.memfd_create(nameBytes, flags);
        }

        internal static int mkdir(string pathname, uint mode)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.mkdir(pathnameBytes, (ushort)mode);
        }

        internal static int open(string pathname, int flags, int mode)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.open(pathnameBytes, flags, (ushort)mode);
        }

        internal static int openat(int dirfd, string pathname, int flags, int mode)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.openat(dirfd, pathnameBytes, flags, (ushort)mode);
        }

        internal static int posix_spawn(pid_t* pid, string path, posix_spawn_file_actions_t* file_actions, posix_spawnattr_t* attrp, byte** argv, byte** envp)
        {
            fixed (byte* pathBytes = Terminated(path)) return LibC.posix_spawn(pid, pathBytes, file_actions, attrp, argv, envp);
        }

        internal static ssize_t readlinkat(int dirfd, string pathname, byte* buf, size_t bufsize)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.readlinkat(dirfd, pathnameBytes, buf, bufsize);
        }

        internal static byte* realpath(string path, byte* resolved_path)
        {
            fixed (byte* pathBytes = Terminated(path)) return LibC.realpath(pathBytes, resolved_path);
        }

        internal static int rename(string oldpath, string newpath)
        {
            fixed (byte* oldpathBytes = Terminated(oldpath), newpathBytes = Terminated(newpath)) return LibC.rename(oldpathBytes, newpathBytes);
        }

        internal static int renameat2(int olddirfd, string oldpath, int newdirfd, string newpath, uint flags)
        {
            fixed (byte* oldpathBytes = Terminated(oldpath), newpathBytes = Terminated(newpath)) return LibC.renameat2(olddirfd, oldpathBytes, newdirfd, newpathBytes, flags);
        }

        internal static int setenv(string name, string value, int overwrite)
        {
            fixed (byte* nameBytes = Terminated(name), valueBytes = Terminated(value)) return LibC.setenv(nameBytes, valueBytes, overwrite);
        }

        internal static int statx(int dirfd, string pathname, int flags, uint mask, statx* statxbuf)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.statx(dirfd, pathnameBytes, flags, mask, statxbuf);
        }

        internal static int unlink(string pathname)
        {
            fixed (byte* pathnameBytes = Terminated(pathname)) return LibC.unlink(pathnameBytes);
        }

        internal static int unsetenv(string name)
        {
            fixed (byte* nameBytes = Terminated(name)) return LibC.unsetenv(nameBytes);
        }
    }

    private static byte[] Terminated(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
