using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;

namespace StartServer.Probes;

/// <summary>
/// One connection with one deadline. Plain calls on a non-blocking socket; an HTTP client would cost this executable several megabytes.
/// </summary>
internal sealed unsafe class ProbeConnection : IDisposable
{
    private static readonly TimeSpan Courtesy = TimeSpan.FromSeconds(1);
    private const int CourtesyBytes = 1 << 20;

    private readonly FileDescriptor _socket;
    private readonly long _start = Stopwatch.GetTimestamp();
    private TimeSpan _timeout;

    private ProbeConnection(int family, TimeSpan timeout)
    {
        _socket = ListeningSocket.Open(family, LibC.SOCK_STREAM | LibC.SOCK_NONBLOCK);
        _timeout = timeout;
    }

    /// <exception cref="ProbeException">Nobody is there.</exception>
    internal static ProbeConnection ToUnix(string path, TimeSpan timeout) =>
        Open(LibC.AF_UNIX, UnixAddress.Encode(path) ?? throw new ProbeException("the socket's path is too long"), timeout);

    /// <exception cref="ProbeException">Nobody is there.</exception>
    internal static ProbeConnection ToInternet(IPEndPoint endPoint, TimeSpan timeout)
    {
        var address = endPoint.Serialize();
        var isV6 = endPoint.AddressFamily == AddressFamily.InterNetworkV6;
        return Open(isV6 ? LibC.AF_INET6 : LibC.AF_INET, address.Buffer.Span[..address.Size], timeout);
    }

    private static ProbeConnection Open(int family, ReadOnlySpan<byte> address, TimeSpan timeout)
    {
        var connection = new ProbeConnection(family, timeout);
        try
        {
            connection.Connect(address);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Connect(ReadOnlySpan<byte> address)
    {
        fixed (byte* pointer = address)
        {
            if (LibC.connect(_socket.Number, (sockaddr*)pointer, (uint)address.Length) == 0) return;
        }
        if (Errno.Last != Errno.EINPROGRESS && Errno.Last != Errno.EINTR) throw new ProbeException(Errno.Last.Text);
        Await(LibC.POLLOUT);
        int error;
        socklen_t length = sizeof(int);
        LibC.getsockopt(_socket.Number, LibC.SOL_SOCKET, LibC.SO_ERROR, &error, &length);
        if (error != 0) throw new ProbeException(new Errno(error).Text);
    }

    internal void Send(string text)
    {
        var rest = Encoding.ASCII.GetBytes(text).AsSpan();
        while (rest.Length > 0)
        {
            fixed (byte* pointer = rest)
            {
                var count = LibC.write(_socket.Number, pointer, rest.Length);
                if (count >= 0) rest = rest[(int)count..];
                else AwaitOrFail(LibC.POLLOUT);
            }
        }
    }

    /// <returns>How much was read; 0 at the end.</returns>
    internal int Receive(Span<byte> buffer)
    {
        while (true)
        {
            fixed (byte* pointer = buffer)
            {
                var count = LibC.read(_socket.Number, pointer, buffer.Length);
                if (count >= 0) return (int)count;
            }
            AwaitOrFail(LibC.POLLIN);
        }
    }

    /// <summary>
    /// Takes what else the other side has to say, for a little while: closed before that, the connection would be reset, and a
    /// program that is still writing may die of SIGPIPE.
    /// </summary>
    internal void LetFinish()
    {
        _timeout = Stopwatch.GetElapsedTime(_start) + Courtesy;
        Span<byte> buffer = stackalloc byte[4096];
        try
        {
            for (var read = 0; read < CourtesyBytes && Receive(buffer) is var count and > 0; read += count)
            {
            }
        }
        catch (ProbeException)
        {
            // What we wanted to know, we know.
        }
    }

    private void AwaitOrFail(short events)
    {
        if (Errno.Last == Errno.EINTR) return;
        if (Errno.Last != Errno.EAGAIN) throw new ProbeException(Errno.Last.Text);
        Await(events);
    }

    private void Await(short events)
    {
        var fd = new pollfd { fd = _socket.Number, events = events };
        while (true)
        {
            var left = (int)(_timeout - Stopwatch.GetElapsedTime(_start)).TotalMilliseconds;
            if (left <= 0) throw new ProbeException($"no answer within {_timeout.TotalSeconds:0.#} s");
            var ready = LibC.poll(&fd, 1, left);
            if (ready > 0) return;
            if (ready < 0 && Errno.OfLastCall is var error && error != Errno.EINTR) throw new ProbeException(error.Text);
        }
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>Why a probe was not answered, for people.</summary>
internal sealed class ProbeException(string message) : Exception(message);
