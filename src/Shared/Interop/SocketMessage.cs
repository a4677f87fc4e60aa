namespace StarletNet.Shared.Interop;

/// <summary>Messages that carry descriptors (SCM_RIGHTS): the receiver gets numbers of its own for the same open files.</summary>
internal static unsafe class SocketMessage
{
    /// <summary>No message carries more.</summary>
    internal const int MostDescriptors = 4;

    // struct cmsghdr: length, level, type; its data is aligned to eight bytes on 64-bit machines.
    private const int HeaderSize = 16, ControlSize = HeaderSize + (MostDescriptors * sizeof(int));

    /// <returns>As of sendmsg(2): negative if it failed, with errno in <see cref="Errno.Last"/>.</returns>
    internal static ssize_t Send(int socket, ReadOnlySpan<byte> message, ReadOnlySpan<int> descriptors, int flags)
    {
        if (descriptors.Length > MostDescriptors) throw new ArgumentOutOfRangeException(nameof(descriptors));
        long* control = stackalloc long[ControlSize / sizeof(long)];
        fixed (byte* bytes = message)
        {
            var vector = new iovec { iov_base = bytes, iov_len = message.Length };
            var header = new msghdr { msg_iov = &vector, msg_iovlen = 1 };
            if (descriptors.Length > 0)
            {
                control[0] = HeaderSize + (descriptors.Length * sizeof(int));
                ((int*)control)[2] = LibC.SOL_SOCKET;
                ((int*)control)[3] = LibC.SCM_RIGHTS;
                descriptors.CopyTo(new Span<int>((byte*)control + HeaderSize, descriptors.Length));
                header.msg_control = control;
                header.msg_controllen = HeaderSize + ((descriptors.Length + 1) / 2 * 2 * sizeof(int));
            }
            return LibC.sendmsg(socket, &header, flags);
        }
    }

    /// <param name="socket">To be read.</param>
    /// <param name="buffer">Where the message goes.</param>
    /// <param name="descriptors">What it carried: close-on-exec, and the caller's to close.</param>
    /// <param name="flags">As of recvmsg(2).</param>
    /// <returns>As of recvmsg(2): 0 at the end, negative if it failed, with errno in <see cref="Errno.Last"/>.</returns>
    internal static ssize_t Receive(int socket, Span<byte> buffer, out int[] descriptors, int flags)
    {
        var control = stackalloc long[ControlSize / sizeof(long)];
        fixed (byte* bytes = buffer)
        {
            var vector = new iovec { iov_base = bytes, iov_len = buffer.Length };
            var header = new msghdr { msg_iov = &vector, msg_iovlen = 1, msg_control = control, msg_controllen = ControlSize };
            var length = LibC.recvmsg(socket, &header, flags | LibC.MSG_CMSG_CLOEXEC);
            var carries = length >= 0 && header.msg_controllen >= HeaderSize && ((int*)control)[2] == LibC.SOL_SOCKET && ((int*)control)[3] == LibC.SCM_RIGHTS;
            descriptors = carries ? new Span<int>((byte*)control + HeaderSize, (int)(control[0] - HeaderSize) / sizeof(int)).ToArray() : [];
            return length;
        }
    }
}
