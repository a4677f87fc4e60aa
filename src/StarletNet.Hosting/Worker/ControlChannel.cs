using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Worker;

/// <summary>The worker's end of the control channel; see <see cref="ControlMessage"/>.</summary>
internal sealed unsafe class ControlChannel(int fd)
{
    internal int Fd => fd;

    /// <summary>A master that is gone does not hear us; the worker notices by the end of the channel, not here.</summary>
    /// <param name="mayBeLost">Rather than wait for a master that has not read for long.</param>
    internal void Send(string verb, string text = "", bool mayBeLost = false)
    {
        var line = text.ReplaceLineEndings(" ");
        var message = Encoding.UTF8.GetBytes(ControlMessage.Format(verb, line));
        fixed (byte* bytes = message)
        {
            nint sent;
            // Sends of one packet are atomic, so that threads need no lock between them.
            do sent = LibC.send(fd, bytes, Math.Min(message.Length, ControlMessage.MaxLength), LibC.MSG_NOSIGNAL | (mayBeLost ? LibC.MSG_DONTWAIT : 0));
            while (sent < 0 && Errno.Last == Errno.EINTR);
        }
    }

    /// <summary>The next message; its verb is null when the master has gone. To be called when the descriptor is readable.</summary>
    /// <param name="descriptors">What it carried: the caller's to close.</param>
    internal (string? Verb, string Text) Receive(out int[] descriptors)
    {
        Span<byte> buffer = stackalloc byte[ControlMessage.MaxLength];
        nint length;
        do length = SocketMessage.Receive(fd, buffer, out descriptors, 0);
        while (length < 0 && Errno.Last == Errno.EINTR);
        return length <= 0 ? (null, "") : ControlMessage.Parse(Encoding.UTF8.GetString(buffer[..(int)length]));
    }
}
