using System.Net;
using System.Net.WebSockets;
using System.Text;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>A WebSocket over cleartext HTTP/2 (RFC 8441), to the application's echo, and the connection that it shares with requests.</summary>
internal sealed class Http2Tunnel : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler())
    {
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _deadline = new(Deadlines.Event);
    private readonly IPEndPoint _server;

    private Http2Tunnel(IPEndPoint server)
    {
        _server = server;
        (_socket.Options.HttpVersion, _socket.Options.HttpVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
    }

    internal static async Task<Http2Tunnel> Open(IPEndPoint server)
    {
        var tunnel = new Http2Tunnel(server);
        await tunnel._socket.ConnectAsync(new Uri($"ws://{server}/ws"), tunnel._client, tunnel._deadline.Token);
        return tunnel;
    }

    /// <summary>A request beside it.</summary>
    internal Task<HttpResponseMessage> Get(string path) => _client.GetAsync(new Uri($"http://{_server}{path}"), _deadline.Token);

    internal async Task Echoes(string text)
    {
        await _socket.SendAsync(Encoding.ASCII.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, _deadline.Token);
        var echo = new byte[100];
        var received = await Receive(echo);
        Assert.Equal((WebSocketMessageType.Text, text), (received.MessageType, Encoding.ASCII.GetString(echo, 0, received.Count)));
    }

    /// <summary>The server's close frame, which is not answered yet.</summary>
    internal async Task<WebSocketCloseStatus?> Goodbye()
    {
        Assert.Equal(WebSocketMessageType.Close, (await Receive(new byte[100])).MessageType);
        return _socket.CloseStatus;
    }

    internal Task AnswerGoodbye() => _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _deadline.Token);

    public void Dispose()
    {
        _socket.Dispose();
        _client.Dispose();
        _deadline.Dispose();
    }

    private Task<WebSocketReceiveResult> Receive(byte[] buffer) => _socket.ReceiveAsync(buffer, _deadline.Token);
}
