using System.Net;
using System.Net.Sockets;

namespace StarletNet.TestKit;

/// <summary>Where clients connect to.</summary>
public sealed record Target(EndPoint EndPoint, string HostHeader)
{
    public static Target Tcp(int port) => new(new IPEndPoint(IPAddress.Loopback, port), $"127.0.0.1:{port}");

    public static Target Unix(string path) => new(new UnixDomainSocketEndPoint(path), "localhost");

    public override string ToString() => EndPoint is UnixDomainSocketEndPoint ? $"unix:{EndPoint}" : $"{EndPoint}";
}
