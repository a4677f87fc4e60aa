using System.Security.Cryptography;
using System.Text;

namespace StarletNet.TestKit.Tests;

/// <summary>The server's side of a WebSocket, for scripts.</summary>
internal static class RawWebSocket
{
    internal const int Close = 8;
    internal const int Ping = 9;

    internal static async Task AcceptAsync(RawConnection connection, string head)
    {
        var key = head.Split("\r\n").First(h => h.StartsWith("Sec-WebSocket-Key: ", StringComparison.Ordinal)).Split(' ')[1];
#pragma warning disable CA5350 // the handshake prescribes SHA-1
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await connection.WriteAsync($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
    }

    /// <summary>Echoes so many messages, or until the client closes, whose close it answers.</summary>
    internal static async Task EchoAsync(RawConnection connection, int messages)
    {
        for (var i = 0; i < messages; i++)
        {
            if (await ReadAsync(connection) is not var (opcode, payload)) return;
            await SendAsync(connection, opcode, payload);
            if (opcode == Close) return;
        }
    }

    internal static Task SendAsync(RawConnection connection, int opcode, byte[] payload)
    {
        byte[] length = payload.Length < 126 ? [(byte)payload.Length] : [126, (byte)(payload.Length >> 8), (byte)payload.Length];
        return connection.WriteAsync([(byte)(0x80 | opcode), .. length, .. payload]);
    }

    internal static async Task<(int Opcode, byte[] Payload)?> ReadAsync(RawConnection connection)
    {
        var head = await connection.BytesAsync(2);
        if (head.Length < 2) return null;
        var length = head[1] & 0x7f;
        if (length == 126)
        {
            var extended = await connection.BytesAsync(2);
            length = (extended[0] << 8) | extended[1];
        }

        var mask = await connection.BytesAsync(4);
        var payload = await connection.BytesAsync(length);
        return (head[0] & 0xf, [.. payload.Select((b, i) => (byte)(b ^ mask[i % 4]))]);
    }
}
