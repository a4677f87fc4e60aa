using System.Buffers;
using System.Globalization;

namespace StarletNet.TestKit;

/// <summary>A strict reader of one HTTP/1.x answer: whatever RFC 9112 does not allow a server to send is a loss.</summary>
internal sealed class HttpAnswerReader(WireConnection connection, IBodySink sink)
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    internal async Task<HttpAnswer> ReadAsync(CancellationToken deadline)
    {
        var answer = await ReadHeadAsync(deadline);
        // Interim answers (100, 103) come before the real one; 101 is final here, what follows is no longer HTTP.
        while (answer.Status is >= 100 and < 200 and not 101) answer = await ReadHeadAsync(deadline);
        var toTheEnd = await ReadBodyAsync(answer, deadline);
        var close = toTheEnd || answer.ConnectionHas("close") || (answer.Version == "HTTP/1.0" && !answer.ConnectionHas("keep-alive"));
        return answer with { Body = sink.Collected, CloseAnnounced = close };
    }

    private async Task<HttpAnswer> ReadHeadAsync(CancellationToken deadline)
    {
        var line = await connection.ReadLineAsync(first: true, deadline);
        var parts = line.Split(' ', 3);
        if (parts.Length < 2 || parts[0] is not ("HTTP/1.0" or "HTTP/1.1") || parts[1].Length != 3 || !TryDigits(parts[1], out var status))
            throw Malformed($"status line: {line}");
        var headers = new List<KeyValuePair<string, string>>();
        while (await connection.ReadLineAsync(first: false, deadline) is { Length: > 0 } header) headers.Add(ParseHeader(header));
        return new HttpAnswer(parts[0], (int)status, headers, default);
    }

    private static KeyValuePair<string, string> ParseHeader(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || line.AsSpan(0, colon).ContainsAnyExcept(TokenCharacters))
            throw Malformed($"header: {line}");
        return KeyValuePair.Create(line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
    }

    /// <returns>Whether the body ended with the connection.</returns>
    private async Task<bool> ReadBodyAsync(HttpAnswer answer, CancellationToken deadline)
    {
        var (length, coding) = (answer.Header("Content-Length"), answer.Header("Transfer-Encoding"));
        if (length != null && coding != null) throw Malformed("both Content-Length and Transfer-Encoding");
        if (answer.Status is 101 or 204 or 304) return false;
        if (coding != null)
        {
            if (!coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)) throw Malformed($"Transfer-Encoding: {coding}");
            await ReadChunksAsync(deadline);
            return false;
        }

        if (length == null)
        {
            await ReadToEndAsync(deadline);
            return true;
        }

        if (!TryDigits(length, out var bytes)) throw Malformed($"Content-Length: {length}");
        await ReadBytesAsync(bytes, deadline);
        return false;
    }

    private async Task ReadChunksAsync(CancellationToken deadline)
    {
        while (true)
        {
            var line = await connection.ReadLineAsync(first: false, deadline);
            var digits = line.Split(';')[0].TrimEnd();
            if (!long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) || size < 0)
                throw Malformed($"chunk size: {line}");
            if (size == 0) break;
            await ReadBytesAsync(size, deadline);
            await ReadChunkEndAsync(deadline);
        }

        while (await connection.ReadLineAsync(first: false, deadline) is { Length: > 0 } trailer) _ = ParseHeader(trailer);
    }

    private async Task ReadChunkEndAsync(CancellationToken deadline)
    {
        foreach (var expected in "\r\n")
        {
            var some = await connection.ReadSomeAsync(1, deadline);
            if (some.Length == 0) throw connection.AtEnd(started: true);
            if (some.Span[0] != expected) throw Malformed("chunk longer than its size");
        }
    }

    private async Task ReadBytesAsync(long count, CancellationToken deadline)
    {
        while (count > 0)
        {
            var bytes = await connection.ReadSomeAsync(count, deadline);
            if (bytes.Length == 0) throw connection.AtEnd(started: true);
            await sink.TakeAsync(bytes);
            count -= bytes.Length;
        }
    }

    private async Task ReadToEndAsync(CancellationToken deadline)
    {
        while (await connection.ReadSomeAsync(int.MaxValue, deadline) is { Length: > 0 } bytes) await sink.TakeAsync(bytes);
    }

    private static bool TryDigits(string text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static LostException Malformed(string what) => new(LossReason.Malformed, what);
}
