using System.Net.Sockets;
using System.Text;
using StarletNet.TestKit;

namespace StarletNet.Bench.Load;

/// <summary>Kept-alive connections that have had one answer each and then wait.</summary>
internal sealed class IdleClients : IDisposable
{
    private static readonly byte[] Request = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: bench\r\n\r\n");

    private readonly List<Socket> _sockets = [];

    internal static async Task<IdleClients> OpenAsync(Target target, int count)
    {
        var clients = new IdleClients();
        try
        {
            var answer = new byte[4096];
            using var deadline = new CancellationTokenSource(Deadlines.Event);
            while (clients._sockets.Count < count)
            {
                var socket = new Socket(target.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
                clients._sockets.Add(socket);
                await socket.ConnectAsync(target.EndPoint, deadline.Token);
                await socket.SendAsync(Request, deadline.Token);
                if (await socket.ReceiveAsync(answer, deadline.Token) == 0)
                    throw new TestKitException($"connection {clients._sockets.Count} was closed without an answer");
            }

            return clients;
        }
        catch (OperationCanceledException)
        {
            var got = clients._sockets.Count - 1;
            clients.Dispose();
            throw new TestKitException($"only {got} of {count} connections were answered within {Deadlines.Event.TotalSeconds} s");
        }
        catch
        {
            clients.Dispose();
            throw;
        }
    }

    /// <summary>How many the server has closed meanwhile.</summary>
    internal int Closed() => _sockets.Count(socket => socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0);

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());
}
