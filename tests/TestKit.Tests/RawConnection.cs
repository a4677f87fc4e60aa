using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace StarletNet.TestKit.Tests;

/// <summary>The server's side of one connection, for scripts.</summary>
internal sealed class RawConnection(Socket socket, int number, CancellationToken stop) : IDisposable
{
    private readonly List<byte> _read = [];

    /// <summary>1 for the first connection the server accepted.</summary>
    internal int Number => number;

    /// <summary>The next request's head, or null when the client has closed.</summary>
    internal async Task<string?> HeadAsync()
    {
        while (true)
        {
            var text = Encoding.Latin1.GetString([.. _read]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                _read.RemoveRange(0, end + 4);
                return text[..(end + 2)];
            }

            if (!await MoreAsync()) return null;
        }
    }

    /// <summary>The path of the next request, or null when the client has closed.</summary>
    internal async Task<string?> PathAsync() => (await HeadAsync())?.Split(' ')[1];

    internal async Task<byte[]> BytesAsync(int count)
    {
        while (_read.Count < count && await MoreAsync())
        {
            // until enough is there
        }

        var bytes = _read.Take(count).ToArray();
        _read.RemoveRange(0, bytes.Length);
        return bytes;
    }

    internal async Task<byte[]> ChunkedAsync()
    {
        var body = new List<byte>();
        while (true)
        {
            var size = int.Parse(await LineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.AddRange(await BytesAsync(size));
            await BytesAsync(2);
            if (size == 0) return [.. body];
        }
    }

    internal Task WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    internal async Task WriteAsync(byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent), stop);
    }

    internal Task AnswerAsync(string body, string headers = "") =>
        WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n{headers}\r\n{body}");

    internal async Task AnswerPatternAsync(int length, string headers = "")
    {
        await WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{headers}\r\n");
        await WriteAsync([.. Enumerable.Range(0, length).Select(i => BytePattern.At(i))]);
    }

    /// <summary>Ends the connection with RST instead of FIN.</summary>
    internal void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    /// <summary>Ends our direction, keeps reading until the client has closed too: no RST whatever is still on its way.</summary>
    internal async Task FinishAsync()
    {
        socket.Shutdown(SocketShutdown.Send);
        while (await MoreAsync()) _read.Clear();
    }

    public void Dispose() => socket.Dispose();

    private async Task<string> LineAsync()
    {
        var line = new StringBuilder();
        while (line.Length < 2 || line[^1] != '\n') line.Append((char)(await BytesAsync(1))[0]);
        return line.ToString(0, line.Length - 2);
    }

    private async Task<bool> MoreAsync()
    {
        var buffer = new byte[64 * 1024];
        var count = await socket.ReceiveAsync(buffer, stop);
        _read.AddRange(buffer.AsSpan(0, count));
        return count > 0;
    }
}
