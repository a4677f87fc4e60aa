using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Listening;

/// <summary>The calling end of a Unix stream socket.</summary>
internal static unsafe class UnixClient
{
    /// <summary>
    /// Connects. A server that is stopped or stuck lets its queue fill up, and connect(2) to a full one would wait for ever.
    /// </summary>
    /// <param name="address">See <see cref="UnixAddress"/>.</param>
    /// <param name="patience">How long to wait for a place in the queue.</param>
    /// <param name="error">Why there is no connection; EAGAIN: the queue stayed full.</param>
    /// <returns>Null if there is none.</returns>
    internal static FileDescriptor? Connect(byte[] address, TimeSpan patience, out Errno error)
    {
        var socket = ListeningSocket.Open(LibC.AF_UNIX, LibC.SOCK_STREAM);
        // struct timeval; for connect(2), too. It holds for each send(2) later on, all of which are short and go into an empty buffer.
        var time = stackalloc long[2] { (long)patience.TotalSeconds, patience.Milliseconds * 1000L };
        LibC.setsockopt(socket.Number, LibC.SOL_SOCKET, LibC.SO_SNDTIMEO, time, 2 * sizeof(long));
        fixed (byte* pointer = address)
        {
            if (LibC.connect(socket.Number, (sockaddr*)pointer, (uint)address.Length) == 0)
            {
                error = default;
                return socket;
            }
        }
        error = Errno.Last;
        socket.Dispose();
        return null;
    }
}
