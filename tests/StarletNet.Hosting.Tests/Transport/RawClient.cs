using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>An HTTP/1 client that hides nothing: it never retries, and it closes exactly as told.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly List<byte> _read = [];

    /// <param name="endPoint">The server's.</param>
    /// <param name="name">A Unix client's own, as bind(2) takes it, which may be more than .NET can say; null: none.</param>
    internal RawClient(EndPoint endPoint, byte[]? name = null)
    {
        Socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Deadlines.Event.TotalMilliseconds,
            SendTimeout = (int)Deadlines.Event.TotalMilliseconds,
        };
        if (name is not null) Bind(name);
        Socket.Connect(endPoint);
    }

    internal Socket Socket { get; }

    internal void Send(string text) => Send(Encoding.ASCII.GetBytes(text));

    internal void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[Socket.Send(bytes)..];
    }

    internal void Get(string path, string headers = "") => Send($"GET {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n");

    internal void Post(string path, ReadOnlySpan<byte> body, string headers = "")
    {
        Send($"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {body.Length}\r\n{headers}\r\n");
        Send(body);
    }

    /// <summary>The next answer: by its Content-Length, its chunks, or up to the end of the connection.</summary>
    internal (string Head, byte[] Body) Answer()
    {
        var head = Encoding.ASCII.GetString(TakeThrough("\r\n\r\n"u8));
        if (head.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.OrdinalIgnoreCase)) return (head, TakeChunks());
        if (ContentLength(head) is { } length) return (head, Take(length));
        while (Receive())
        {
            // Until the end.
        }
        return (head, Take(_read.Count));
    }

    /// <summary>That of an answer without end, as one that switches protocols is.</summary>
    internal string Head() => Encoding.ASCII.GetString(TakeThrough("\r\n\r\n"u8));

    /// <summary>The next bytes of such an answer.</summary>
    internal string Text(int length) => Encoding.ASCII.GetString(Take(length));

    internal string AnswerText() => Encoding.ASCII.GetString(Answer().Body);

    /// <summary>Everything up to the server's FIN.</summary>
    internal string ReadToEnd()
    {
        while (Receive())
        {
            // Until the end.
        }
        return Text();
    }

    internal void FinishSending() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with a reset instead of a FIN.</summary>
    internal void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Close();
    }

    public void Dispose() => Socket.Dispose();

    private unsafe void Bind(byte[] name)
    {
        byte[] address = [LibC.AF_UNIX, 0, .. name];
        fixed (byte* start = address)
            if (LibC.bind((int)Socket.Handle, start, (uint)address.Length) < 0) throw SystemCallException.Of("bind");
    }

    private string Text() => Encoding.ASCII.GetString([.. _read]);

    private bool Receive()
    {
        Span<byte> buffer = stackalloc byte[32 * 1024];
        var received = Socket.Receive(buffer);
        _read.AddRange(buffer[..received]);
        return received > 0;
    }

    private byte[] TakeChunks()
    {
        var body = new List<byte>();
        while (true)
        {
            var size = Convert.ToInt32(Encoding.ASCII.GetString(TakeThrough("\r\n"u8)).Trim(), 16);
            body.AddRange(Take(size));
            Take(2);
            if (size == 0) return [.. body];
        }
    }

    private byte[] TakeThrough(ReadOnlySpan<byte> mark)
    {
        int index;
        while ((index = CollectionsMarshal.AsSpan(_read).IndexOf(mark)) < 0) MustReceive();
        return Take(index + mark.Length);
    }

    private byte[] Take(int length)
    {
        while (_read.Count < length) MustReceive();
        var taken = _read[..length].ToArray();
        _read.RemoveRange(0, length);
        return taken;
    }

    private void MustReceive()
    {
        if (!Receive()) throw new EndOfStreamException("the connection ended in the middle of an answer, after: " + Text());
    }

    private static int? ContentLength(string head)
    {
        const string Name = "\r\nContent-Length: ";
        var start = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        if (start < 0) return null;
        var value = head[(start + Name.Length)..];
        return int.Parse(value.Split("\r\n")[0], CultureInfo.InvariantCulture);
    }
}
