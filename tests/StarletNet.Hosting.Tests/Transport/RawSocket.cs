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
        fixed (byte* start = bytes) Check(LibC.bind(Fd, start, (uint)bytes.Length));
        Check(LibC.listen(Fd, Backlog));
    }

    internal static RawListener OnLoopback() => new(new IPEndPoint(IPAddress.Loopback, 0));

    internal int Fd => _descriptor.Number;

    private static int Family(AddressFamily family) => family switch
    {
        AddressFamily.InterNetwork => LibC.AF_INET,
        AddressFamily.InterNetworkV6 => LibC.AF_INET6,
        _ => LibC.AF_UNIX,
    };

    internal static void Check(int result)
    {
        if (result < 0) throw SystemCallException.Of("test set-up");
    }

    public void Dispose() => _descriptor.Dispose();
}
