using System.Net.Sockets;
using System.Text;
using StarletNet.Shared.Contract;

namespace StarletNet.FakeWorker;

/// <summary>Answers each connection on every inherited listener with one line that says who serves.</summary>
internal sealed class Listening : IDisposable
{
    private readonly List<Socket> _sockets;

    internal Listening(string name, Action answered)
    {
        var listeners = WorkerListener.Parse(Environment.GetEnvironmentVariable(EnvironmentNames.Listen)!);
        // Never owned: closing an owned one could break it for the others who hold it.
        _sockets = [.. listeners.Select(listener => new Socket(new SafeSocketHandle(listener.Fd, ownsHandle: false)))];
        foreach (var socket in _sockets) _ = ServeAsync(socket, name, answered);
    }

    internal void Stop()
    {
        foreach (var socket in _sockets) socket.Dispose();
    }

    private static async Task ServeAsync(Socket listener, string name, Action answered)
    {
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptAsync();
                // First: whoever has the answer may look at the figures at once.
                answered();
                // Blocking and small. A client that is gone already, such as one that only asks whether a worker answers, does not matter.
                connection.Send(Encoding.UTF8.GetBytes(name + "\n"), SocketFlags.None, out _);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // stopped
        }
    }

    public void Dispose() => Stop();
}
