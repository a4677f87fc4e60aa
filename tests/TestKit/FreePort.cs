using System.Net;
using System.Net.Sockets;

namespace StarletNet.TestKit;

/// <summary>A TCP port of 127.0.0.1 nobody used a moment ago, for programs that cannot report which one they were given.</summary>
public static class FreePort
{
    // Below the range (from 32768) in which the kernel chooses the ports of clients: under load one of them would take it in that moment.
    private const int First = 10_000, Beyond = 32_000;

    /// <summary>A port by chance, so that test programs that run side by side do not ask for the same one.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, Beyond);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
            }
        }
    }
}
