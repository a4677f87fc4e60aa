using System.Net;
using System.Net.Sockets;

namespace StarletNet.TestKit;

/// <summary>Where clients connect to.</summary>
public sealed record Target(EndPoint EndPoint, string HostHeader)
{
    public static Target Tcp(int port) => new(new IPEndPoint(IPAddress.Loopback, port), $"127.0.0.1:{port}");

    /// <summary>Host and port of an http URL whose host is an address, or localhost, meaning 127.0.0.1.</summary>
    public static Target Url(Uri url)
    {
        var address = url.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(url.IdnHost);
        return new Target(new IPEndPoint(address, url.Port), url.Authority);
    }

    public static Target Unix(string path) => new(new UnixDomainSocketEndPoint(path), "localhost");

    public override string ToString() => EndPoint is UnixDomainSocketEndPoint ? $"unix:{EndPoint}" : $"{EndPoint}";
}
