using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace StarletNet.Hosting.Interop;

internal static unsafe partial class LibC
{
    // ---- epoll -------------------------------------------------------------------------------------------------

    internal const int EPOLL_CLOEXEC = 0x80000;
    internal const int EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3;
    internal const uint EPOLLIN = 1, EPOLLOUT = 4, EPOLLERR = 8, EPOLLHUP = 0x10, EPOLLRDHUP = 0x2000;
    internal const uint EPOLLEXCLUSIVE = 1u << 28, EPOLLET = 1u << 31;

    /// <summary><c>struct sockaddr_storage</c> is larger than any address a stream socket has.</summary>
    internal const int SocketAddressSize = 128;

    /// <summary>
    /// Size of <c>struct epoll_event</c>, a 32-bit mask and 64 bits of data: packed on x86-64, naturally aligned elsewhere.
    /// One assembly runs on both, so the layout is a fact of the process and not of the type.
    /// </summary>
    internal static readonly int EpollEventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    internal static uint EpollMask(byte* events, int index) => *(uint*)(events + (index * EpollEventSize));

    internal static ulong EpollData(byte* events, int index) =>
        BinaryPrimitives.ReadUInt64LittleEndian(new(events + (index * EpollEventSize) + EpollEventSize - 8, 8));

    internal static int epoll_ctl(int epfd, int operation, int fd, uint mask, ulong data)
    {
        var change = stackalloc byte[16];
        *(uint*)change = mask;
        BinaryPrimitives.WriteUInt64LittleEndian(new(change + EpollEventSize - 8, 8), data);
        return epoll_ctl(epfd, operation, fd, change);
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    private static partial int epoll_ctl(int epfd, int operation, int fd, byte* change);

    [LibraryImport(Library)]
    internal static partial int epoll_wait(int epfd, byte* events, int maxEvents, int timeoutMilliseconds);

    // ---- stream sockets ----------------------------------------------------------------------------------------

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int accept4(int fd, byte* address, uint* length, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint send(int fd, byte* buffer, nint count, int flags);

    // The same for every request, without SetLastError: see Errno.OfLastCall. Of names of their own, because Errno.Last knows nothing of
    // them. Never with SuppressGCTransition: on loopback a send carries the segment to the other side's socket, which takes
    // microseconds, and a thread that is denied the processor meanwhile would keep the whole process waiting for a collection.
    [LibraryImport(Library, EntryPoint = "ioctl")]
    internal static partial int ioctl_quick(int fd, nuint request, int* value);

    [LibraryImport(Library, EntryPoint = "recv")]
    internal static partial nint recv_quick(int fd, byte* buffer, nint count, int flags);

    [LibraryImport(Library, EntryPoint = "send")]
    internal static partial nint send_quick(int fd, byte* buffer, nint count, int flags);
}
