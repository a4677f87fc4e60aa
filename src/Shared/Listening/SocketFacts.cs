using System.Net.Sockets;
using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Listening;

/// <summary>What the kernel says about a descriptor somebody else opened.</summary>
internal static unsafe class SocketFacts
{
    /// <summary>SO_TYPE; null if it is no socket.</summary>
    internal static int? Type(int fd) => Option(fd, LibC.SO_TYPE);

    /// <summary>IPv4 or IPv6, TCP or UDP.</summary>
    internal static bool IsInternet(int fd) => Option(fd, LibC.SO_DOMAIN) is { } domain && (domain == LibC.AF_INET || domain == LibC.AF_INET6);

    internal static bool IsTcp(int fd) => IsInternet(fd) && Type(fd) == LibC.SOCK_STREAM;

    internal static bool IsListening(int fd) => Option(fd, LibC.SO_ACCEPTCONN) == 1;

    /// <summary>
    /// The address it is bound to, in the words of SERVER_STARTER_PORT: <c>8080</c> for any IPv4 address, <c>127.0.0.1:8080</c>,
    /// <c>[::1]:8080</c>, a path, or <c>@name</c> for an abstract one. Null if it has none of these.
    /// </summary>
    internal static string? Name(int fd)
    {
        sockaddr_storage address;
        socklen_t length = sizeof(sockaddr_storage);
        if (LibC.getsockname(fd, (sockaddr*)&address, &length) < 0 || length < sizeof(ushort)) return null;
        if (address.ss_family == LibC.AF_UNIX) return UnixName(new ReadOnlySpan<byte>(&address, (int)length)[sizeof(ushort)..]);
        if (address.ss_family != LibC.AF_INET && address.ss_family != LibC.AF_INET6) return null;
        var bound = ListeningSocket.BoundEndPoint(fd);
        if (bound.AddressFamily == AddressFamily.InterNetworkV6) bound.Address.ScopeId = 0;
        return bound.Address.Equals(System.Net.IPAddress.Any) ? $"{bound.Port}" : bound.ToString();
    }

    private static string? UnixName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty) return null;
        if (name[0] == 0) return name.Length > 1 ? "@" + Encoding.UTF8.GetString(name[1..]) : null;
        var end = name.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
    }

    private static int? Option(int fd, int option)
    {
        int value;
        socklen_t length = sizeof(int);
        return LibC.getsockopt(fd, LibC.SOL_SOCKET, option, &value, &length) == 0 ? value : null;
    }
}
