using System.Net;
using System.Net.Sockets;
using System.Text;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

internal sealed record RawResponse(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    internal bool AnnouncesClose => Headers.TryGetValue("connection", out var value) && value == "close";
}

/// <summary>HTTP/1.1 by hand, so that nothing is retried, reconnected or hidden.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    // For reading alone. Heads are read byte by byte, which without it were a system call each.
    private readonly BufferedStream _input;

    private RawClient(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _input = new BufferedStream(_stream);
    }

    internal static RawClient Connect(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(address);
        return new RawClient(socket);
    }

    internal Task Get(string path) => Send($"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");

    internal Task Send(string text) => Send(Encoding.ASCII.GetBytes(text));

    internal async Task Send(byte[] bytes) => await _stream.WriteAsync(bytes);

    internal async Task<RawResponse> Response()
    {
        var (status, headers) = await Head();
        if (headers.TryGetValue("content-length", out var length))
            return new RawResponse(status, headers, Encoding.UTF8.GetString(await Bytes(int.Parse(length))));
        var body = new StringBuilder();
        while (await Chunk() is { Length: > 0 } chunk) body.Append(chunk);
        return new RawResponse(status, headers, body.ToString());
    }

    internal async Task<(int Status, IReadOnlyDictionary<string, string> Headers)> Head()
    {
        var first = await Line();
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await Line() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return (int.Parse(first.Split(' ')[1]), headers);
    }

    /// <summary>The next chunk of a chunked body; empty at its end.</summary>
    internal async Task<string> Chunk()
    {
        var size = Convert.ToInt32(await Line(), 16);
        var chunk = Encoding.UTF8.GetString(await Bytes(size));
        await Line();
        return chunk;
    }

    internal async Task<byte[]> Bytes(int count)
    {
        var bytes = new byte[count];
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        await _input.ReadExactlyAsync(bytes, deadline.Token);
        return bytes;
    }

    /// <summary>Waits for the end of the stream; anything else that comes is an error, a reset included. Closes, as clients do: the worker waits for that.</summary>
    internal async Task End()
    {
        var one = new byte[1];
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        Assert.Equal(0, await _input.ReadAsync(one, deadline.Token));
        Dispose();
    }

    /// <summary>The connection was cut: a reset, or an end before anything more.</summary>
    internal async Task Cut()
    {
        try
        {
            await End();
        }
        catch (IOException)
        {
            // Reset by peer: just as cut.
        }
    }

    public void Dispose() => _input.Dispose();

    private async Task<string> Line()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        while (true)
        {
            await _input.ReadExactlyAsync(one, deadline.Token);
            var c = (char)one[0];
            if (c == '\n') return line.ToString();
            if (c != '\r') line.Append(c);
        }
    }
}
