using System.Net;
using System.Net.Sockets;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>A listening descriptor as a supervisor would hand it over: made by libc alone, owned by the test.</summary>
internal sealed unsafe class RawListener : IDisposable
{
    internal const int Backlog = 300;

    private readonly FileDescriptor _descriptor;

    internal RawListener(EndPoint endPoint)
    {
        var address = endPoint.Serialize();
        _descriptor = new FileDescriptor(LibC.socket(Family(endPoint.AddressFamily), LibC.SOCK_STREAM, 0));
        var bytes = address.Buffer.Span[..address.Size];
        fixed (byte* start = bytes) Check(LibC.bind(Fd, start, (uint)bytes.Length), $"bind {endPoint}");
        Check(LibC.listen(Fd, Backlog), "listen");
    }

    internal int Fd => _descriptor.Number;

    internal bool IsCloseOnExec => IsDescriptorCloseOnExec(Fd);

    /// <summary>The queue's length as the kernel has it (in tcp_info of a listening socket, tcpi_sacked).</summary>
    internal int QueueLength => QueueLengthOf(Fd);

    internal static int QueueLengthOf(int fd)
    {
        var info = stackalloc byte[256];
        uint length = 256;
        Check(LibC.getsockopt(fd, LibC.IPPROTO_TCP, LibC.TCP_INFO, info, &length), "TCP_INFO");
        return *(int*)(info + 28);
    }

    internal (int OnOff, int Seconds) Linger
    {
        get
        {
            var value = stackalloc int[2];
            uint length = 8;
            Check(LibC.getsockopt(Fd, LibC.SOL_SOCKET, LibC.SO_LINGER, value, &length), "SO_LINGER");
            return (value[0], value[1]);
        }
    }

    internal static bool IsDescriptorCloseOnExec(int descriptor) => LibC.fcntl(descriptor, LibC.F_GETFD, 0) == LibC.FD_CLOEXEC;

    /// <summary>Takes a connection from the queue as another holder of the socket would; null if none is there.</summary>
    internal FileDescriptor? Accept()
    {
        FileDescriptor.SetNonBlocking(Fd, true);
        var accepted = LibC.accept4(Fd, null, null, LibC.SOCK_CLOEXEC);
        return accepted < 0 ? null : new FileDescriptor(accepted);
    }

    public void Dispose() => _descriptor.Dispose();

    private static int Family(AddressFamily family) => family switch
    {
        AddressFamily.InterNetwork => LibC.AF_INET,
        AddressFamily.InterNetworkV6 => LibC.AF_INET6,
        _ => LibC.AF_UNIX,
    };

    private static void Check(int result, string what)
    {
        if (result < 0) throw SystemCallException.Of(what);
    }
}
