using System.Net;
using System.Net.Sockets;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// How a listener is named to Kestrel: an address for its list, and the end point it will make of that address. Kestrel can
/// say absolute Unix paths without a colon; relative and abstract ones and all else get a synthetic name.
/// </summary>
internal static class ListenerAddress
{
    internal static (EndPoint BindEndPoint, string Address) Of(EndPoint endPoint, int index) => endPoint switch
    {
        // A link-local address needs its zone, which has no agreed place in a URL.
        IPEndPoint ip when !ip.Address.IsIPv6LinkLocal => (ip, $"http://{ip}"),
        UnixDomainSocketEndPoint unix when unix.ToString() is ['/', ..] path && !path.Contains(':') => (unix, $"http://unix:{path}"),
        _ => Synthetic(index),
    };

    /// <summary>From the range that is routed nowhere (100::/64, RFC 6666). Never bound, only recognised.</summary>
    internal static (EndPoint BindEndPoint, string Address) Synthetic(int index)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse($"100::{index + 1:x}"), 1);
        return (endPoint, $"http://{endPoint}");
    }
}
