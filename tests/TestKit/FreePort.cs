using System.Net;
using System.Net.Sockets;

namespace StarletNet.TestKit;

/// <summary>A TCP port of 127.0.0.1 nobody used a moment ago, for programs that cannot report which one they were given.</summary>
public static class FreePort
{
    public static int Next()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
