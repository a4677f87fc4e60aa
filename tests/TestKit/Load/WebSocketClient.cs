using System.Security.Cryptography;
using System.Text;

namespace StarletNet.TestKit;

/// <summary>
/// Holds a WebSocket open and has a message echoed every 50 ms. The server may end it with a close frame, which the client
/// answers before it connects anew (a message that crossed the close frame is sent again); any other end is a cut.
/// </summary>
public sealed class WebSocketClient(LoadSetting setting) : LoadClient(setting)
{
    // RFC 6455 §1.3
    private const string Magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private WireConnection? _open;

    public override string Kind => "WebSocket";

    protected override async Task RoundAsync(CancellationToken stop)
    {
        try
        {
            using var deadline = NewDeadline();
            _open ??= await OpenAsync(deadline.Token);
            await EchoAsync(_open, deadline.Token);
        }
        catch (LostException)
        {
            _open = null;
            throw;
        }

        await PauseAsync(TimeSpan.FromMilliseconds(50), stop);
    }

    protected override async Task LeaveAsync()
    {
        if (_open is not { } connection) return;
        try
        {
            using var deadline = NewDeadline();
            await SendAsync(connection, new WebSocketFrame(WebSocketFrame.Close, [0x03, 0xe8]), deadline.Token); // 1000, normal
            while ((await WebSocketFrame.ReadAsync(connection, deadline.Token)).Opcode != WebSocketFrame.Close)
            {
                // the server's last words before it answers our close
            }
        }
        catch (LostException loss)
        {
            Tally.Lose(Kind, loss);
        }
    }

    private async Task<WireConnection> OpenAsync(CancellationToken deadline)
    {
        var connection = await ConnectionAsync();
        var key = new byte[16];
        Random.NextBytes(key);
        var name = Convert.ToBase64String(key);
        var answer = await connection.AskAsync(
            Head("GET", Paths.WebSocket!, $"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {name}"), deadline);
        if (answer.Status != 101) throw new LostException(LossReason.WrongStatus, $"{Paths.WebSocket} gave {answer.Status}: {answer.Text}");
#pragma warning disable CA5350 // the handshake prescribes SHA-1
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(name + Magic)));
#pragma warning restore CA5350
        if (answer.Header("Sec-WebSocket-Accept") != accept) throw new LostException(LossReason.Malformed, "wrong Sec-WebSocket-Accept");
        return connection;
    }

    private async Task EchoAsync(WireConnection connection, CancellationToken deadline)
    {
        var message = new byte[Random.Next(1, 2000)];
        for (var i = 0; i < message.Length; i++) message[i] = (byte)Random.Next('a', 'z' + 1);
        await SendAsync(connection, new WebSocketFrame(WebSocketFrame.Text, message), deadline);
        while (true)
        {
            var frame = await WebSocketFrame.ReadAsync(connection, deadline);
            switch (frame.Opcode)
            {
                case WebSocketFrame.Ping:
                    await SendAsync(connection, frame with { Opcode = WebSocketFrame.Pong }, deadline);
                    break;
                case WebSocketFrame.Pong:
                    break;
                case WebSocketFrame.Close:
                    await SendAsync(connection, frame, deadline);
                    Tally.ToldToClose(Kind);
                    _open = null;
                    Disconnect();
                    return;
                case WebSocketFrame.Text when frame.Payload.AsSpan().SequenceEqual(message):
                    Tally.Answer(Kind);
                    return;
                default:
                    throw new LostException(LossReason.WrongBody, $"echo of another message, opcode {frame.Opcode}");
            }
        }
    }

    private Task SendAsync(WireConnection connection, WebSocketFrame frame, CancellationToken deadline) =>
        connection.SendAsync(frame.Masked(Random.Next()), deadline);
}
