using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Workers;

/// <summary>The master's end of the pair of message sockets that it shares with one worker. Never waits.</summary>
internal sealed unsafe class ControlChannel(FileDescriptor socket) : IDisposable
{
    internal FileDescriptor Socket => socket;

    /// <returns>False if the worker is gone, or has not read for so long that nothing more fits.</returns>
    internal bool Send(string message, params ReadOnlySpan<int> descriptors) =>
        SocketMessage.Send(socket.Number, Encoding.UTF8.GetBytes(message), descriptors, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL) >= 0;

    /// <summary>A worker says a few words in its life.</summary>
    internal const int MostAtOnce = 64;

    /// <summary>More than the kernel keeps of a socket that is not read (net.core.wmem_max, and some hundred bytes for each message).</summary>
    internal const int MostWaiting = 4096;

    /// <summary>The messages that are waiting, in order.</summary>
    /// <param name="most">No more than so many.</param>
    /// <param name="ended">The worker has closed its end.</param>
    internal List<string> Receive(int most, out bool ended)
    {
        var messages = new List<string>();
        var buffer = stackalloc byte[ControlMessage.MaxLength];
        ended = false;
        while (messages.Count < most)
        {
            var vector = new iovec { iov_base = buffer, iov_len = ControlMessage.MaxLength };
            var message = new msghdr { msg_iov = &vector, msg_iovlen = 1 };
            var length = LibC.recvmsg(socket.Number, &message, LibC.MSG_DONTWAIT);
            if (length < 0 && Errno.Last == Errno.EINTR) continue;
            // A worker that died with our words unread resets the channel: the same as its end.
            ended = length == 0 || (length < 0 && Errno.Last != Errno.EAGAIN);
            if (length <= 0) return messages;
            messages.Add(Encoding.UTF8.GetString(buffer, (int)length));
        }
        return messages;
    }

    public void Dispose() => socket.Dispose();
}
