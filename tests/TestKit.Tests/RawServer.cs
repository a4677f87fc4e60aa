using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace StarletNet.TestKit.Tests;

/// <summary>A server that does what each test's script says with each connection, right or wrong.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<RawConnection, Task> _script;
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _accepting;
    private int _accepted;

    private RawServer(Socket listener, Target target, Func<RawConnection, Task> script)
    {
        (_listener, Target, _script) = (listener, target, script);
        _accepting = Task.Run(AcceptAsync);
    }

    internal Target Target { get; }

    /// <summary>The script runs once for each connection; when it returns, the connection is closed.</summary>
    internal static RawServer Start(Func<RawConnection, Task> script)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return new RawServer(listener, Target.Tcp(((IPEndPoint)listener.LocalEndPoint!).Port), script);
    }

    internal static RawServer StartUnix(string path, Func<RawConnection, Task> script)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        return new RawServer(listener, Target.Unix(path), script);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                _connections.Add(ServeAsync(new RawConnection(socket, ++_accepted, _stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            // the test is over
        }
    }

    private async Task ServeAsync(RawConnection connection)
    {
        using (connection)
        {
            try
            {
                await _script(connection);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // the client has gone, or the test is over
            }
        }
    }
}
