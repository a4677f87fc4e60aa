using System.Buffers;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>How a non-blocking receive or send ended, when it did not move bytes.</summary>
internal enum SocketResult
{
    /// <summary>The kernel has nothing (or takes nothing) now; epoll will tell.</summary>
    WouldBlock = 0,

    /// <summary>The peer has sent FIN; nothing more will come.</summary>
    EndOfStream = -1,

    /// <summary>The connection is gone: reset, broken pipe, timed out.</summary>
    Failed = -2,
}

/// <summary>The system calls on a connection's plain descriptor. None of them ever blocks.</summary>
internal static unsafe class ConnectionSocket
{
    /// <summary>
    /// Segments handed to the kernel at once: 1 MiB of the pipe's 4 KiB blocks. What a socket on loopback takes at once grows to megabytes; 256 KiB at a time cost
    /// a tenth more for each large answer.
    /// </summary>
    private const int MaxSegments = 256;

    [ThreadStatic]
    private static MemoryHandle[]? _pins;

    /// <returns>Bytes received, or a <see cref="SocketResult"/>.</returns>
    internal static int Receive(int descriptor, Span<byte> buffer, out Errno error)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var received = LibC.recv_quick(descriptor, start, buffer.Length, 0);
                error = Errno.None;
                if (received > 0) return (int)received;
                if (received == 0) return (int)SocketResult.EndOfStream;
                error = Errno.OfLastCall;
                if (error != Errno.EINTR) return (int)Result(error);
            }
        }
    }

    /// <summary>Whether bytes wait to be received; not the end.</summary>
    internal static bool HasInput(int descriptor)
    {
        int count;
        return LibC.ioctl_quick(descriptor, LibC.FIONREAD, &count) == 0 && count > 0;
    }

    /// <returns>Bytes sent, or a <see cref="SocketResult"/>.</returns>
    internal static int Send(int descriptor, in ReadOnlySequence<byte> bytes, out Errno error) =>
        bytes.IsSingleSegment ? SendOne(descriptor, bytes.FirstSpan, out error) : SendGathered(descriptor, bytes, out error);

    private static int SendOne(int descriptor, ReadOnlySpan<byte> bytes, out Errno error)
    {
        fixed (byte* start = bytes)
        {
            while (true)
            {
                var sent = LibC.send_quick(descriptor, start, bytes.Length, LibC.MSG_NOSIGNAL);
                error = Errno.None;
                if (sent >= 0) return (int)sent;
                error = Errno.OfLastCall;
                if (error != Errno.EINTR) return (int)Result(error);
            }
        }
    }

    private static int SendGathered(int descriptor, in ReadOnlySequence<byte> bytes, out Errno error)
    {
        var vectors = stackalloc iovec[MaxSegments];
        var pins = _pins ??= new MemoryHandle[MaxSegments];
        var count = 0;
        try
        {
            foreach (var segment in bytes)
            {
                if (segment.IsEmpty) continue;
                pins[count] = segment.Pin();
                vectors[count] = new iovec { iov_base = (byte*)pins[count].Pointer, iov_len = segment.Length };
                if (++count == MaxSegments) break;
            }
            var message = new msghdr { msg_iov = vectors, msg_iovlen = count };
            while (true)
            {
                var sent = LibC.sendmsg(descriptor, &message, LibC.MSG_NOSIGNAL);
                error = Errno.None;
                if (sent >= 0) return (int)sent;
                error = Errno.Last;
                if (error != Errno.EINTR) return (int)Result(error);
            }
        }
        finally
        {
            while (--count >= 0) pins[count].Dispose();
        }
    }

    private static SocketResult Result(Errno error) => error == Errno.EAGAIN ? SocketResult.WouldBlock : SocketResult.Failed;

    /// <summary>Our FIN, after everything sent so far.</summary>
    internal static void FinishSending(int descriptor)
    {
        // Fails only if the connection is already gone, which the receive that follows finds out as well.
        _ = LibC.shutdown(descriptor, LibC.SHUT_WR);
    }

    /// <summary>
    /// Makes the close that follows a reset: an answer cut off in the middle must not look like one that has ended. The
    /// option is set on the accepted socket alone; on the listener it would reach every process that shares it.
    /// </summary>
    internal static void ResetOnClose(int descriptor)
    {
        var linger = stackalloc int[] { 1, 0 };
        _ = LibC.setsockopt(descriptor, LibC.SOL_SOCKET, LibC.SO_LINGER, linger, 2 * sizeof(int));
    }

    /// <summary>No waiting for a segment to fill up: the pipe has already gathered what there is.</summary>
    internal static void SendAtOnce(int descriptor)
    {
        var on = 1;
        _ = LibC.setsockopt(descriptor, LibC.IPPROTO_TCP, LibC.TCP_NODELAY, &on, sizeof(int));
    }

    /// <summary>A connected pair of stream sockets, both non-blocking and close-on-exec.</summary>
    internal static (int One, int Other) Pair()
    {
        var ends = stackalloc int[2];
        if (LibC.socketpair(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, 0, ends) < 0) throw SystemCallException.Of("socketpair");
        return (ends[0], ends[1]);
    }
}
