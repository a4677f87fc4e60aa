using System.Globalization;
using System.Net;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.AccessLog;

/// <summary>
/// The access log of this worker: a line for each request, one write(2) for each line, or for many with a <see cref="LogBuffer"/>. The descriptor, opened by the master for appending, is
/// shared with all workers, and the kernel puts each write behind the last one: no line is ever torn by another.
/// </summary>
/// <param name="fd">Of the file; its number never changes, what it means may: see <see cref="Reopen"/>.</param>
/// <param name="format">As <see cref="AccessLogFormat"/> reads it.</param>
/// <param name="slot">The worker's, for JSON.</param>
internal sealed class AccessLogWriter(int fd, string format, int slot)
{
    /// <summary>Null: each line is written at once.</summary>
    internal LogBuffer? Buffer { get; init; }

    private readonly IReadOnlyList<LogPart> _parts = AccessLogFormat.Parse(format);
    private readonly byte[][] _literals = [.. AccessLogFormat.Parse(format).Select(part => part.Field == LogField.Literal ? Encoding.UTF8.GetBytes(part.Text) : [])];
    private UsualTime? _usual;

    /// <summary>
    /// The file of that name is another one now. In one step: whoever writes meanwhile writes to the one or to the other, and needs no lock.
    /// </summary>
    internal void Reopen(int fresh)
    {
        if (fd <= 2) return;
        if (Buffer is { } buffer) buffer.Change(() => Take(fresh));
        else Take(fresh);
    }

    private void Take(int fresh) => _ = LibC.dup3(fresh, fd, LibC.O_CLOEXEC);

    internal void Write(in AccessEntry entry)
    {
        var line = new LineBuffer();
        try
        {
            Compose(ref line, entry);
            line.Add('\n');
            if (Buffer is { } buffer) buffer.Add(line.Written);
            else LogBuffer.WriteOut(fd, line.Written);
        }
        finally
        {
            line.Dispose();
        }
    }

    private void Compose(ref LineBuffer line, in AccessEntry entry)
    {
        for (var i = 0; i < _parts.Count; i++)
        {
            var part = _parts[i];
            switch (part.Field)
            {
                case LogField.Literal: line.Add(_literals[i]); break;
                case LogField.Client: Add(ref line, entry.Client); break;
                case LogField.Peer: Add(ref line, entry.Peer); break;
                case LogField.Nothing: line.Add('-'); break;
                case LogField.User: Text(ref line, entry.User); break;
                case LogField.Time: Time(ref line, entry.Began, part.Text); break;
                case LogField.RequestLine: RequestLine(ref line, entry); break;
                case LogField.Status: line.Add(entry.Status); break;
                case LogField.Bytes when entry.Bytes == 0: line.Add('-'); break;
                case LogField.Bytes or LogField.BytesOrZero: line.Add(entry.Bytes); break;
                case LogField.Microseconds: line.Add(entry.Microseconds); break;
                case LogField.Milliseconds: line.Add(entry.Microseconds / 1000); break;
                case LogField.Seconds: line.Add(entry.Microseconds / 1_000_000); break;
                case LogField.RequestHeader: Text(ref line, entry.RequestHeader(part.Text)); break;
                case LogField.ResponseHeader: Text(ref line, entry.ResponseHeader(part.Text)); break;
                case LogField.Method: Text(ref line, entry.Method); break;
                case LogField.Path: Text(ref line, PathOf(entry.Target)); break;
                case LogField.Query: line.AddEscaped(QueryOf(entry.Target)); break;
                case LogField.Protocol: Text(ref line, entry.Protocol); break;
                case LogField.Host: Text(ref line, entry.Host); break;
                case LogField.LocalAddress: Add(ref line, entry.LocalAddress); break;
                case LogField.LocalPort: line.Add(entry.LocalPort); break;
                case LogField.Pid: line.Add(Environment.ProcessId); break;
                case LogField.RequestsBefore: line.Add(entry.RequestsBefore); break;
                case LogField.ConnectionState: line.Add(entry.IsAborted ? 'X' : entry.Closes ? '-' : '+'); break;
                case LogField.Json: Json(ref line, entry); break;
            }
        }
    }

    private static void RequestLine(ref LineBuffer line, in AccessEntry entry)
    {
        // Of a head that could not be read.
        if (entry.Method.Length == 0)
        {
            line.Add('-');
            return;
        }
        line.AddEscaped(entry.Method);
        line.Add(' ');
        line.AddEscaped(entry.Target);
        line.Add(' ');
        line.AddEscaped(entry.Protocol);
    }

    private static void Text(ref LineBuffer line, ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) line.Add('-');
        else line.AddEscaped(text);
    }

    private static void Add(ref LineBuffer line, IPAddress? address)
    {
        if (address is null) line.Add('-');
        else line.AddFormatted(Plain(address), default);
    }

    // An IPv4 client of a socket for both families is one all the same.
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static ReadOnlySpan<char> PathOf(string target) => target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark ? target.AsSpan(0, mark) : target;

    private static ReadOnlySpan<char> QueryOf(string target) => target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark ? target.AsSpan(mark) : default;

    private void Time(ref LineBuffer line, DateTimeOffset time, string wanted)
    {
        switch (wanted)
        {
            case "": line.Add(Second(time)); break;
            case "sec": line.Add(time.ToUnixTimeSeconds()); break;
            case "msec": line.Add(time.ToUnixTimeMilliseconds()); break;
            case "usec": line.Add((time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond); break;
            default: LogTime.Add(ref line, time.ToLocalTime(), wanted); break;
        }
    }

    /// <summary>The usual time, made once per second. Two threads may make it twice; each uses what it has made.</summary>
    private byte[] Second(DateTimeOffset time)
    {
        var second = time.ToUnixTimeSeconds();
        // One reference, so that nobody takes the text for another second's.
        if (Volatile.Read(ref _usual) is { } known && known.Second == second) return known.Text;
        var line = new LineBuffer();
        LogTime.Add(ref line, time.ToLocalTime(), LogTime.Usual);
        var made = new UsualTime(second, [.. line.Written]);
        line.Dispose();
        Volatile.Write(ref _usual, made);
        return made.Text;
    }

    private sealed record UsualTime(long Second, byte[] Text);

    private void Json(ref LineBuffer line, in AccessEntry entry)
    {
        line.Add("{\"time\":\""u8);
        line.AddFormatted(entry.Began.UtcDateTime, "yyyy-MM-ddTHH:mm:ss.fffZ");
        line.Add("\",\"client\":"u8);
        if (entry.Client is { } client)
        {
            line.Add('"');
            line.AddFormatted(Plain(client), default);
            line.Add('"');
        }
        else
        {
            line.Add("null"u8);
        }
        Member(ref line, "user"u8, entry.User);
        Member(ref line, "method"u8, entry.Method);
        Member(ref line, "target"u8, entry.Target);
        Member(ref line, "protocol"u8, entry.Protocol);
        Member(ref line, "host"u8, entry.Host);
        line.Add(",\"status\":"u8);
        line.Add(entry.Status);
        line.Add(",\"bytes\":"u8);
        line.Add(entry.Bytes);
        line.Add(",\"seconds\":"u8);
        line.AddFormatted(entry.Microseconds / 1e6, "0.######");
        if (entry.IsAborted) line.Add(",\"aborted\":true"u8);
        Member(ref line, "referer"u8, entry.RequestHeader("Referer"));
        Member(ref line, "userAgent"u8, entry.RequestHeader("User-Agent"));
        line.Add(",\"worker\":"u8);
        line.Add(slot);
        line.Add(",\"pid\":"u8);
        line.Add(Environment.ProcessId);
        line.Add('}');
    }

    private static void Member(ref LineBuffer line, ReadOnlySpan<byte> name, string value)
    {
        if (value.Length == 0) return;
        line.Add(",\""u8);
        line.Add(name);
        line.Add("\":"u8);
        line.AddJson(value);
    }
}
