using System.Net.WebSockets;
using System.Text;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>The least of SignalR's JSON protocol, over a WebSocket: messages that end in a record separator.</summary>
internal sealed class SignalRClient : IDisposable
{
    private const char End = '\u001e';

    private readonly ClientWebSocket _socket = new();
    private string _received = "";

    /// <param name="hub">Its address, with <c>?id=</c> if it has been negotiated.</param>
    internal static async Task<SignalRClient> ConnectAsync(Uri hub)
    {
        var client = new SignalRClient();
        await client._socket.ConnectAsync(new UriBuilder(hub) { Scheme = "ws" }.Uri, Deadline());
        await client.SendAsync("""{"protocol":"json","version":1}""");
        Assert.Equal("{}", await client.NextAsync());
        return client;
    }

    internal async Task<string> InvokeAsync(string method, string argument)
    {
        await SendAsync($$"""{"type":1,"invocationId":"1","target":"{{method}}","arguments":["{{argument}}"]}""");
        while (true)
        {
            // Pings come in between.
            if (await NextAsync() is var message && message?.Contains("\"type\":3", StringComparison.Ordinal) != false) return message!;
        }
    }

    /// <summary>The next message; null: the server has closed the connection, in whatever way.</summary>
    internal async Task<string?> NextAsync()
    {
        var buffer = new byte[4096];
        int end;
        while ((end = _received.IndexOf(End, StringComparison.Ordinal)) < 0)
        {
            if (await ReceiveAsync(buffer) is not { } length) return null;
            _received += Encoding.UTF8.GetString(buffer, 0, length);
        }
        var message = _received[..end];
        _received = _received[(end + 1)..];
        return message;
    }

    public void Dispose() => _socket.Dispose();

    private async Task<int?> ReceiveAsync(byte[] buffer)
    {
        try
        {
            var read = await _socket.ReceiveAsync(buffer, Deadline());
            return read.MessageType == WebSocketMessageType.Close ? null : read.Count;
        }
        catch (WebSocketException)
        {
            return null;
        }
    }

    private Task SendAsync(string message) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(message + End), WebSocketMessageType.Text, true, Deadline());

    private static CancellationToken Deadline() => new CancellationTokenSource(Deadlines.Event).Token;
}
