using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>Connects and reads to the end.</summary>
internal static class Clients
{
    internal static Task<string> ReadUnixAsync(string path) => ReadAsync(new UnixDomainSocketEndPoint(path), AddressFamily.Unix, ProtocolType.Unspecified);

    internal static Task<string> ReadTcpAsync(System.Net.IPEndPoint address) => ReadAsync(address, address.AddressFamily, ProtocolType.Tcp);

    private static async Task<string> ReadAsync(System.Net.EndPoint address, AddressFamily family, ProtocolType protocol)
    {
        using var socket = new Socket(family, SocketType.Stream, protocol);
        await socket.ConnectAsync(address);
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync().WaitAsync(Deadlines.Event);
    }
}

/// <summary>kill(2) by pid, for processes the test knows from the status file.</summary>
internal static partial class Kill
{
    internal static void Send(int pid, UnixSignal signal) => Assert.Equal(0, kill(pid, (int)signal));

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
