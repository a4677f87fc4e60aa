using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace StarletNet.Hosting.Tests.Workers;

internal sealed record Http2Frame(byte Type, byte Flags, int Stream, byte[] Payload)
{
    internal const byte Data = 0, Headers = 1, Settings = 4, GoAway = 7, WindowUpdate = 8;

    internal bool EndsStream => (Flags & 1) != 0;

    internal int LastStream => BinaryPrimitives.ReadInt32BigEndian(Payload) & int.MaxValue;

    internal static string Body(IEnumerable<Http2Frame> frames) =>
        Encoding.UTF8.GetString([.. frames.Where(frame => frame.Type == Data).SelectMany(frame => frame.Payload)]);
}

/// <summary>HTTP/2 with prior knowledge, by hand and frame by frame.</summary>
internal sealed class Http2Client : IDisposable
{
    internal const int PrefaceLength = 24, OpeningLength = PrefaceLength + 9;

    private readonly RawClient _client;
    private int _nextStream = 1;
    private int? _goodbye;

    private Http2Client(RawClient client) => _client = client;

    internal static Task<Http2Client> Connect(IPEndPoint address) => Over(RawClient.Connect(address));

    /// <summary>What every client sends first: the preface, and settings, of which there are none.</summary>
    internal static byte[] Opening { get; } = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, Http2Frame.Settings, 0, 0, 0, 0, 0];

    /// <param name="connection">Whose first frame must be the server's settings.</param>
    /// <param name="sent">Of the opening, by now.</param>
    internal static async Task<Http2Client> Over(RawClient connection, int sent = 0)
    {
        var client = new Http2Client(connection);
        await client._client.Send(Opening[sent..]);
        Assert.Equal(Http2Frame.Settings, (await client.Read()).Type);
        await client.Write(Http2Frame.Settings, 1, 0, []);
        return client;
    }

    /// <summary>Opens a stream with a GET and returns its number.</summary>
    internal async Task<int> Get(string path, params (string Name, string Value)[] fields)
    {
        var stream = _nextStream;
        _nextStream += 2;
        // HPACK: ":method GET" and ":scheme http" from the static table; ":path" and ":authority" by indexed name.
        var name = Encoding.ASCII.GetBytes(path);
        byte[] head = [0x82, 0x86, 0x04, (byte)name.Length, .. name, 0x01, 4, .. "test"u8, .. fields.SelectMany(Literal)];
        await Write(Http2Frame.Headers, 0x5, stream, head); // END_STREAM, END_HEADERS
        return stream;
    }

    // Never indexed, with a name of its own (RFC 7541, 6.2.2).
    private static byte[] Literal((string Name, string Value) field) =>
        [0, (byte)field.Name.Length, .. Encoding.ASCII.GetBytes(field.Name), (byte)field.Value.Length, .. Encoding.ASCII.GetBytes(field.Value)];

    /// <summary>Frames up to and including the one that ends the stream.</summary>
    internal async Task<List<Http2Frame>> UntilEndOf(int stream)
    {
        var frames = new List<Http2Frame>();
        do frames.Add(await Read());
        while (!(frames[^1].Stream == stream && frames[^1].EndsStream && frames[^1].Type is Http2Frame.Data or Http2Frame.Headers));
        return frames;
    }

    internal async Task<Http2Frame> Next(byte type)
    {
        while (true)
        {
            var frame = await Read();
            if (frame.Type == type) return frame;
        }
    }

    /// <summary>
    /// Until the server says which stream is the last that it has taken, which it may have done before it has ended that stream; a first GOAWAY
    /// only says that there will be one.
    /// </summary>
    internal async Task<int> Goodbye()
    {
        while (_goodbye is null) await Read();
        return _goodbye.Value;
    }

    internal Task End() => _client.End();

    public void Dispose() => _client.Dispose();

    private async Task<Http2Frame> Read()
    {
        var head = await _client.Bytes(9);
        var length = (head[0] << 16) | (head[1] << 8) | head[2];
        var frame = new Http2Frame(head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) & int.MaxValue, await _client.Bytes(length));
        if (frame.Type == Http2Frame.GoAway && frame.LastStream != int.MaxValue) _goodbye = frame.LastStream;
        return frame;
    }

    private async Task Write(byte type, byte flags, int stream, byte[] payload)
    {
        byte[] frame = [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        await _client.Send(frame);
    }
}
