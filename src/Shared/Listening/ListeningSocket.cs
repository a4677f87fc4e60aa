using System.Net;
using System.Net.Sockets;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Listening;

/// <summary>
/// A socket bound by this process: a plain descriptor, never a .NET Socket, which would switch the shared description to
/// non-blocking and, when closed at the wrong moment, break it for every other holder. Blocking mode and close-on-exec; the
/// children it is handed to are named one by one.
/// </summary>
internal sealed unsafe class ListeningSocket : IDisposable
{
    /// <summary>As long as the kernel allows: it caps the value at net.core.somaxconn.</summary>
    internal const int MaximumBacklog = int.MaxValue;

    private ListeningSocket(FileDescriptor descriptor, SocketName? name = null)
    {
        Descriptor = descriptor;
        Name = name;
    }

    internal FileDescriptor Descriptor { get; }

    /// <summary>Its name in the file system; null if it has none.</summary>
    internal SocketName? Name { get; }

    /// <summary>Binds a TCP socket and listens. An IPv6 address takes IPv6 clients only, unless <paramref name="dualStack"/>.</summary>
    /// <exception cref="SystemCallException">The call that failed is <c>socket</c>, <c>bind</c> or <c>listen</c>.</exception>
    /// <param name="endPoint">Where.</param>
    /// <param name="backlog">Length of the accept queue.</param>
    /// <param name="dualStack">Both families.</param>
    /// <param name="reusePort">SO_REUSEPORT.</param>
    internal static ListeningSocket BindTcp(IPEndPoint endPoint, int backlog, bool dualStack = false, bool reusePort = false) =>
        BindInternet(endPoint, LibC.SOCK_STREAM, dualStack, backlog, reusePort);

    /// <summary>
    /// Several sockets of one address (SO_REUSEPORT), each with a queue of its own; the kernel deals connections out among them. The address is
    /// ours alone: the first is bound as if it were the only one, which fails where anybody else listens, even one who would share.
    /// </summary>
    /// <exception cref="SystemCallException">As for one; none is bound then.</exception>
    internal static ListeningSocket[] BindTcpSiblings(IPEndPoint endPoint, int count, int backlog, bool dualStack)
    {
        var sockets = new List<ListeningSocket>();
        try
        {
            sockets.Add(BindInternet(endPoint, LibC.SOCK_STREAM, dualStack, backlog: null));
            SetOption(sockets[0].Descriptor, LibC.SOL_SOCKET, LibC.SO_REUSEPORT, 1);
            var bound = BoundEndPoint(sockets[0].Descriptor.Number);
            Listen(sockets[0].Descriptor, backlog);
            while (sockets.Count < count) sockets.Add(BindTcp(bound, backlog, dualStack, reusePort: true));
            return [.. sockets];
        }
        catch
        {
            foreach (var socket in sockets) socket.Dispose();
            throw;
        }
    }

    /// <summary>Binds a UDP socket.</summary>
    /// <exception cref="SystemCallException">The call that failed is <c>socket</c> or <c>bind</c>.</exception>
    internal static ListeningSocket BindUdp(IPEndPoint endPoint) => BindInternet(endPoint, LibC.SOCK_DGRAM, dualStack: false, backlog: null);

    /// <summary>Binds a Unix stream socket under a path or, with a leading <c>@</c>, an abstract name.</summary>
    /// <param name="path">At most <see cref="UnixAddress.MaxPathLength"/> bytes.</param>
    /// <param name="mode">Permissions of the socket file; whatever the umask is.</param>
    /// <param name="owner">Whom the socket file is given to; null: as it is.</param>
    /// <param name="takesOver">A live server's socket may be at the path: it is our own predecessor's.</param>
    /// <exception cref="SystemCallException">The call that failed is <c>socket</c>, <c>bind</c>, <c>chown</c>, <c>chmod</c>, <c>listen</c> or <c>rename</c>.</exception>
    /// <exception cref="SocketPathException">Something is at the path that must not be replaced.</exception>
    internal static ListeningSocket BindUnix(string path, int backlog, uint mode, (uint User, uint Group)? owner = null, bool takesOver = false)
    {
        if (path.StartsWith('@'))
        {
            var socket = Open(LibC.AF_UNIX, LibC.SOCK_STREAM);
            try
            {
                Bind(socket, UnixAddress.Encode(path)!);
                Listen(socket, backlog);
                return new ListeningSocket(socket);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        var (socketFile, name) = UnixSocketFile.Bind(path, mode, owner, opened => Listen(opened, backlog), takesOver);
        return new ListeningSocket(socketFile, name);
    }

    /// <summary>One that somebody else has bound and left open for us; its name in the file system is not ours to remove.</summary>
    /// <param name="name">Of one that this process had before it became another program by exec; another's name is not ours to remove.</param>
    internal static ListeningSocket Adopt(int fd, SocketName? name = null) => new(new FileDescriptor(fd), name);

    /// <summary>
    /// Has the kernel keep a TCP connection to itself until its first byte has come, or for a second: nobody is woken for clients that
    /// send nothing. A property of the socket, so everybody who holds it sees it.
    /// </summary>
    internal static void SetDeferAccept(int fd, bool value)
    {
        var seconds = value ? 1 : 0;
        // A wish: without it connections are accepted at once.
        _ = LibC.setsockopt(fd, LibC.IPPROTO_TCP, LibC.TCP_DEFER_ACCEPT, &seconds, sizeof(int));
    }

    /// <summary>The address the kernel bound: tells the port when 0 was asked for.</summary>
    internal static IPEndPoint BoundEndPoint(int fd)
    {
        var address = new SocketAddress(AddressFamily.InterNetworkV6);
        socklen_t length = address.Buffer.Length;
        fixed (byte* pointer = address.Buffer.Span)
        {
            if (LibC.getsockname(fd, (sockaddr*)pointer, &length) < 0) throw SystemCallException.Of("getsockname");
        }
        address.Size = (int)length;
        var family = BitConverter.ToUInt16(address.Buffer.Span) == LibC.AF_INET ? IPAddress.Any : IPAddress.IPv6Any;
        return (IPEndPoint)new IPEndPoint(family, 0).Create(address);
    }

    /// <summary>What a listener is, ours or one we were given: <c>tcp</c>, <c>udp</c> or <c>unix</c>, and its address, which for <c>unix</c> is null.</summary>
    internal static (string Kind, string? Address) Describe(int fd)
    {
        int type;
        socklen_t length = sizeof(int);
        if (LibC.getsockopt(fd, LibC.SOL_SOCKET, LibC.SO_TYPE, &type, &length) < 0) throw SystemCallException.Of("getsockopt");
        ushort family;
        length = sizeof(ushort);
        if (LibC.getsockname(fd, (sockaddr*)&family, &length) < 0) throw SystemCallException.Of("getsockname");
        return family == LibC.AF_UNIX ? ("unix", null) : (type == LibC.SOCK_DGRAM ? "udp" : "tcp", BoundEndPoint(fd).ToString());
    }

    /// <summary>Puts the socket at a chosen descriptor number instead of the one it has.</summary>
    internal ListeningSocket MoveTo(int number)
    {
        if (number == Descriptor.Number) return this;
        if (LibC.dup2(Descriptor.Number, number) < 0) throw SystemCallException.Of($"dup2({number})");
        FileDescriptor.SetCloseOnExec(number);
        Descriptor.Dispose();
        return new ListeningSocket(new FileDescriptor(number), Name);
    }

    /// <summary>The same socket at a chosen descriptor number, beside the one it has.</summary>
    internal ListeningSocket CopyTo(int number)
    {
        if (LibC.dup2(Descriptor.Number, number) < 0) throw SystemCallException.Of($"dup2({number})");
        FileDescriptor.SetCloseOnExec(number);
        return new ListeningSocket(new FileDescriptor(number), Name);
    }

    /// <summary>
    /// Another length of the queue, for everybody who holds the socket; what waits in it stays. With 0 the kernel takes no more than one
    /// further connection. Without effect where there is no queue (UDP).
    /// </summary>
    internal void SetBacklog(int length) => _ = LibC.listen(Descriptor.Number, length);

    private static ListeningSocket BindInternet(IPEndPoint endPoint, int type, bool dualStack, int? backlog, bool reusePort = false)
    {
        var isV6 = endPoint.AddressFamily == AddressFamily.InterNetworkV6;
        var socket = Open(isV6 ? LibC.AF_INET6 : LibC.AF_INET, type);
        try
        {
            // Both options are wishes: where the kernel refuses them, bind decides.
            SetOption(socket, LibC.SOL_SOCKET, LibC.SO_REUSEADDR, 1);
            if (reusePort) SetOption(socket, LibC.SOL_SOCKET, LibC.SO_REUSEPORT, 1);
            if (isV6) SetOption(socket, LibC.IPPROTO_IPV6, LibC.IPV6_V6ONLY, dualStack ? 0 : 1);
            var address = endPoint.Serialize();
            Bind(socket, address.Buffer.Span[..address.Size]);
            if (backlog is { } length) Listen(socket, length);
            return new ListeningSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal static FileDescriptor Open(int family, int type)
    {
        var number = LibC.socket(family, type | LibC.SOCK_CLOEXEC, 0);
        return number < 0 ? throw SystemCallException.Of("socket") : new FileDescriptor(number);
    }

    internal static void Bind(FileDescriptor socket, ReadOnlySpan<byte> address)
    {
        fixed (byte* pointer = address)
        {
            if (LibC.bind(socket.Number, (sockaddr*)pointer, (uint)address.Length) < 0) throw SystemCallException.Of("bind");
        }
    }

    private static void Listen(FileDescriptor socket, int backlog)
    {
        if (LibC.listen(socket.Number, backlog) < 0) throw SystemCallException.Of("listen");
    }

    private static void SetOption(FileDescriptor socket, int level, int option, int value) =>
        LibC.setsockopt(socket.Number, level, option, &value, sizeof(int));

    /// <summary>Closes our descriptor and removes the socket file if it is still ours. Other holders go on accepting.</summary>
    public void Dispose()
    {
        Name?.Remove();
        Descriptor.Dispose();
    }
}
