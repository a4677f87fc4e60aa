using System.Net;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Listening;

/// <summary>What both programs suggest where an address cannot be bound.</summary>
internal static class BindAdvice
{
    /// <param name="errno">The kernel's reason.</param>
    /// <param name="address">What was to be bound.</param>
    /// <param name="isUdp">Else TCP.</param>
    /// <returns>With <c>; </c> before it; empty if there is nothing to suggest.</returns>
    internal static string For(Errno errno, IPEndPoint address, bool isUdp = false)
    {
        if (errno == Errno.EADDRINUSE) return InUse(isUdp ? new AddressHolder().OfUdp(address) : new AddressHolder().OfTcp(address));
        if (errno == Errno.EACCES) return "; use a port above 1023, or grant CAP_NET_BIND_SERVICE";
        return errno == Errno.EADDRNOTAVAIL ? "; it is not an address of this machine" : "";
    }

    /// <param name="errno">The kernel's reason.</param>
    /// <param name="path">Of a Unix socket, or its abstract name after <c>@</c>.</param>
    internal static string For(Errno errno, string path)
    {
        if (errno == Errno.EADDRINUSE) return InUse(path.StartsWith('@') ? new AddressHolder().OfAbstract(path) : null);
        if (errno == Errno.EACCES) return "; see who may write to the directory";
        return errno == Errno.ENOENT ? "; the directory does not exist" : "";
    }

    private static string InUse(string? holder) => $"; {holder ?? "another server"} listens there: stop it or choose another address";
}
