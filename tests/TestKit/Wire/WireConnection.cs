using System.Net.Sockets;
using System.Text;

namespace StarletNet.TestKit;

/// <summary>
/// One client connection, byte for byte: no pool, no retry, nothing that could hide what the server did.
/// Every failure is a <see cref="LostException"/>.
/// </summary>
public sealed class WireConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _start;
    private int _end;
    private SocketException? _sendError;

    private WireConnection(Socket socket) => _socket = socket;

    /// <summary>Complete answers read so far.</summary>
    public int Answers { get; private set; }

    /// <summary>An answer said that this connection takes no further request.</summary>
    public bool CloseAnnounced { get; private set; }

    /// <param name="target">Where to.</param>
    /// <param name="deadline">Cancelled when connecting takes too long.</param>
    /// <param name="receiveBuffer">Bytes the kernel may hold for us; small, so that slow reading reaches the server.</param>
    public static async Task<WireConnection> ConnectAsync(Target target, CancellationToken deadline, int? receiveBuffer = null)
    {
        var unix = target.EndPoint is UnixDomainSocketEndPoint;
        var socket = new Socket(target.EndPoint.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (!unix) socket.NoDelay = true;
            if (receiveBuffer is { } size) socket.ReceiveBufferSize = size;
            await socket.ConnectAsync(target.EndPoint, deadline);
            return new WireConnection(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new LostException(LossReason.Refused, $"connect {target}: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw new LostException(LossReason.NoAnswer, $"connect {target} took too long");
        }
    }

    /// <summary>
    /// Whether the server has closed an idle connection: observed before anything is sent, so nothing is lost by it.
    /// </summary>
    /// <exception cref="LostException">The server sent bytes nobody asked for.</exception>
    public bool ClosedByPeer()
    {
        if (_start < _end) throw new LostException(LossReason.Malformed, $"{_end - _start} bytes after the answer's end");
        if (!_socket.Poll(0, SelectMode.SelectRead)) return false;
        try
        {
            var count = _socket.Receive(_buffer.AsSpan(0, 64), SocketFlags.Peek);
            if (count > 0) throw new LostException(LossReason.Malformed, $"unasked: {Encoding.Latin1.GetString(_buffer, 0, count)}");
            return true;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>A failed send is kept for the read that follows: an answer may have come before the connection went.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken deadline)
    {
        try
        {
            while (bytes.Length > 0 && _sendError == null) bytes = bytes[await _socket.SendAsync(bytes, deadline)..];
        }
        catch (SocketException e)
        {
            _sendError = e;
        }
        catch (OperationCanceledException)
        {
            throw new LostException(LossReason.NoAnswer, "the server did not take the request");
        }
    }

    /// <summary>Sends a request text and reads its answer.</summary>
    public async Task<HttpAnswer> AskAsync(string request, CancellationToken deadline, IBodySink? sink = null)
    {
        await SendAsync(Encoding.Latin1.GetBytes(request), deadline);
        return await ReadAnswerAsync(deadline, sink);
    }

    public async Task<HttpAnswer> ReadAnswerAsync(CancellationToken deadline, IBodySink? sink = null)
    {
        var answer = await new HttpAnswerReader(this, sink ?? new BodyCollector()).ReadAsync(deadline);
        Answers++;
        CloseAnnounced |= answer.CloseAnnounced;
        return answer;
    }

    /// <summary>A line without its CRLF.</summary>
    internal async Task<string> ReadLineAsync(bool first, CancellationToken deadline)
    {
        var line = "";
        while (true)
        {
            if (_start == _end && !await FillAsync(deadline)) throw AtEnd(started: !first || line.Length > 0);
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            var count = end < 0 ? _end - _start : end;
            line += Encoding.Latin1.GetString(_buffer, _start, count);
            _start += count;
            if (line.Length > 65536) throw new LostException(LossReason.Malformed, "endless line");
            if (end < 0) continue;
            _start++;
            return line.EndsWith('\r') ? line[..^1] : throw new LostException(LossReason.Malformed, $"line without CR: {line}");
        }
    }

    /// <summary>Some bytes, at most <paramref name="most"/>; valid until the next read. Empty at the end of the stream.</summary>
    internal async Task<ReadOnlyMemory<byte>> ReadSomeAsync(long most, CancellationToken deadline)
    {
        if (_start == _end && !await FillAsync(deadline)) return default;
        var count = (int)Math.Min(most, _end - _start);
        _start += count;
        return _buffer.AsMemory(_start - count, count);
    }

    /// <summary>The end of the stream came where an answer had to go on.</summary>
    internal LostException AtEnd(bool started)
    {
        var after = _sendError == null ? "" : $" (sending failed: {_sendError.Message})";
        // The kernel reports a reset once: when sending was told, reading sees a plain end.
        if (_sendError?.SocketErrorCode == SocketError.ConnectionReset) return new LostException(LossReason.Reset, "while the request was sent");
        if (started) return new LostException(LossReason.Truncated, "closed in the middle of an answer" + after);
        return Answers == 0
            ? new LostException(LossReason.Empty, "closed without an answer" + after)
            : new LostException(LossReason.ClosedAfterSend, $"closed after request {Answers + 1} of this connection was sent, close not announced{after}");
    }

    public void Dispose() => _socket.Dispose();

    private async Task<bool> FillAsync(CancellationToken deadline)
    {
        try
        {
            _start = 0;
            _end = 0;
            _end = await _socket.ReceiveAsync(_buffer, deadline);
            return _end > 0;
        }
        catch (SocketException e)
        {
            throw new LostException(LossReason.Reset, $"{e.Message} while waiting for answer {Answers + 1} of this connection");
        }
        catch (OperationCanceledException)
        {
            throw new LostException(LossReason.NoAnswer, $"no (whole) answer {Answers + 1} of this connection in time");
        }
    }
}
