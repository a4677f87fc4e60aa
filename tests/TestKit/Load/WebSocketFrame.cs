namespace StarletNet.TestKit;

/// <summary>One unfragmented WebSocket frame (RFC 6455) of at most 65535 bytes.</summary>
internal sealed record WebSocketFrame(int Opcode, byte[] Payload)
{
    internal const int Text = 1;
    internal const int Close = 8;
    internal const int Ping = 9;
    internal const int Pong = 10;

    /// <summary>As a client sends it: masked.</summary>
    internal byte[] Masked(int mask)
    {
        byte[] key = [(byte)mask, (byte)(mask >> 8), (byte)(mask >> 16), (byte)(mask >> 24)];
        byte[] length = Payload.Length < 126
            ? [(byte)(0x80 | Payload.Length)]
            : [0x80 | 126, (byte)(Payload.Length >> 8), (byte)Payload.Length];
        return [(byte)(0x80 | Opcode), .. length, .. key, .. Payload.Select((b, i) => (byte)(b ^ key[i % 4]))];
    }

    /// <summary>A frame from the server.</summary>
    internal static async Task<WebSocketFrame> ReadAsync(WireConnection connection, CancellationToken deadline)
    {
        var head = await BytesAsync(connection, 2, deadline);
        if ((head[0] & 0xf0) != 0x80 || (head[1] & 0x80) != 0)
            throw new LostException(LossReason.Malformed, $"WebSocket frame {head[0]:x2} {head[1]:x2}");
        int length = head[1];
        if (length == 126)
        {
            var extended = await BytesAsync(connection, 2, deadline);
            length = (extended[0] << 8) | extended[1];
        }

        return new WebSocketFrame(head[0] & 0xf, await BytesAsync(connection, length, deadline));
    }

    private static async Task<byte[]> BytesAsync(WireConnection connection, int count, CancellationToken deadline)
    {
        var bytes = new byte[count];
        for (var have = 0; have < count;)
        {
            var some = await ReadOrCutAsync(connection, count - have, deadline);
            some.CopyTo(bytes.AsMemory(have));
            have += some.Length;
        }

        return bytes;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadOrCutAsync(WireConnection connection, int most, CancellationToken deadline)
    {
        try
        {
            var some = await connection.ReadSomeAsync(most, deadline);
            return some.Length > 0 ? some : throw new LostException(LossReason.Cut, "the WebSocket ended without a close frame");
        }
        catch (LostException e) when (e.Reason == LossReason.Reset)
        {
            throw new LostException(LossReason.Cut, "the WebSocket was reset without a close frame");
        }
    }
}
