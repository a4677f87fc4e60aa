using Microsoft.Win32.SafeHandles;
using StarletNet.Shared.Errors;

namespace StarletNet.Shared.Interop;

/// <summary>
/// An owned file descriptor. Born close-on-exec wherever it comes from. The flag is cleared in two places, which name each
/// descriptor: the child's side of a spawn, and <see cref="KeepInExec"/> when a program replaces itself.
/// </summary>
internal sealed unsafe class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    internal FileDescriptor(int number) : base(ownsHandle: true) => SetHandle(number);

    /// <summary>-1 when it is closed: whoever comes too late gets EBADF, and not the file that has the number by then.</summary>
    internal int Number => IsClosed ? -1 : (int)handle;

    // close(2) is never retried: on Linux the descriptor is gone even after EINTR, and the number may be another's by now.
    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;

    /// <summary>Whether the process holds an open descriptor of that number.</summary>
    internal static bool IsOpen(int number) => LibC.fcntl(number, LibC.F_GETFD, 0) >= 0;

    /// <summary>
    /// Puts /dev/null where the caller has left stdin, stdout or stderr closed. To be called before anything else is opened: a
    /// listener or a pipe of ours would otherwise be found there, by us and by every child.
    /// </summary>
    internal static void OpenStandardOnes()
    {
        for (var number = 0; number <= 2; number++)
            // open(2) takes the lowest free number, and all below this one are open by now.
            if (!IsOpen(number)) LibC.open("/dev/null", LibC.O_RDWR, 0);
    }

    internal static void SetCloseOnExec(int number)
    {
        if (LibC.fcntl(number, LibC.F_SETFD, LibC.FD_CLOEXEC) < 0)
            throw SystemCallException.Of($"fcntl({number}, F_SETFD)");
    }

    /// <summary>For what the program that takes our place is to find under the same number. Undone by <see cref="SetCloseOnExec"/>.</summary>
    internal static void KeepInExec(int number)
    {
        if (LibC.fcntl(number, LibC.F_SETFD, 0) < 0) throw SystemCallException.Of($"fcntl({number}, F_SETFD)");
    }

    /// <summary>Sets or clears O_NONBLOCK: a property of the open file description, so every holder in every process sees it.</summary>
    internal static void SetNonBlocking(int number, bool value)
    {
        var flags = LibC.fcntl(number, LibC.F_GETFL, 0);
        if (flags < 0) throw SystemCallException.Of($"fcntl({number}, F_GETFL)");
        var wanted = value ? flags | LibC.O_NONBLOCK : flags & ~LibC.O_NONBLOCK;
        if (wanted != flags && LibC.fcntl(number, LibC.F_SETFL, wanted) < 0)
            throw SystemCallException.Of($"fcntl({number}, F_SETFL)");
    }

    /// <summary>write(2) until all is written: a file system that is full takes a part first, and gives its reason only then.</summary>
    /// <returns>Why not all of it could be written; null if it was.</returns>
    internal static Errno? WriteAll(int number, ReadOnlySpan<byte> content)
    {
        fixed (byte* start = content)
        {
            var written = 0;
            while (written < content.Length)
            {
                var count = (int)LibC.write(number, start + written, content.Length - written);
                if (count < 0 && Errno.Last == Errno.EINTR) continue;
                if (count < 0) return Errno.Last;
                if (count == 0) return Errno.ENOSPC;
                written += count;
            }
            return null;
        }
    }

    /// <summary>A close-on-exec duplicate with a number of at least <paramref name="atLeast"/>.</summary>
    internal static FileDescriptor Duplicate(int number, int atLeast)
    {
        var copy = LibC.fcntl(number, LibC.F_DUPFD_CLOEXEC, atLeast);
        if (copy < 0) throw SystemCallException.Of($"fcntl({number}, F_DUPFD_CLOEXEC)");
        return new FileDescriptor(copy);
    }

    /// <summary>pipe2(2), both ends close-on-exec.</summary>
    internal static (FileDescriptor Read, FileDescriptor Write) Pipe()
    {
        var ends = stackalloc int[2];
        if (LibC.pipe2(ends, LibC.O_CLOEXEC) < 0) throw SystemCallException.Of("pipe2");
        return (new FileDescriptor(ends[0]), new FileDescriptor(ends[1]));
    }

    /// <summary>
    /// A connected pair of message sockets (SOCK_SEQPACKET): one write is one message, and the other side's end is read as
    /// an empty one. Both close-on-exec.
    /// </summary>
    internal static (FileDescriptor Ours, FileDescriptor Theirs) MessagePair() => SocketPair(LibC.SOCK_SEQPACKET);

    /// <summary>A connected pair of stream sockets. Both close-on-exec.</summary>
    internal static (FileDescriptor Ours, FileDescriptor Theirs) StreamPair() => SocketPair(LibC.SOCK_STREAM);

    private static (FileDescriptor Ours, FileDescriptor Theirs) SocketPair(int type)
    {
        var ends = stackalloc int[2];
        if (LibC.socketpair(LibC.AF_UNIX, type | LibC.SOCK_CLOEXEC, 0, ends) < 0)
            throw SystemCallException.Of("socketpair");
        return (new FileDescriptor(ends[0]), new FileDescriptor(ends[1]));
    }
}
