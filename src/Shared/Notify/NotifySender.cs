using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Notify;

/// <summary>A service's end of sd_notify(3). Silence is right where nobody listens: notifying is never a reason to fail.</summary>
internal sealed unsafe class NotifySender
{
    /// <summary>A supervisor that has not read ten messages in this time will not read the next one either.</summary>
    private const int PatienceSeconds = 5;

    private readonly byte[]? _address;

    /// <param name="address">The value of NOTIFY_SOCKET; null or empty if there is none.</param>
    internal NotifySender(string? address) => _address = address is { Length: > 0 } ? UnixAddress.Encode(address) : null;

    internal void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    internal void Status(string status) => Send($"STATUS={status}");

    internal void Stopping(string status) => Send($"STOPPING=1\nSTATUS={status}");

    /// <summary>Assignments, one a line.</summary>
    internal void Send(string assignments) => TrySend(assignments, flags: 0);

    /// <summary>The same, for who must not wait.</summary>
    /// <returns>False if the queue is full; later it may not be.</returns>
    internal bool TrySend(string assignments) => TrySend(assignments, LibC.MSG_DONTWAIT);

    private bool TrySend(string assignments, int flags)
    {
        if (_address is null) return true;
        var socket = LibC.socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);
        if (socket < 0) return true;
        using var owner = new FileDescriptor(socket);
        fixed (byte* address = _address, payload = Encoding.UTF8.GetBytes(assignments))
        {
            var vector = new iovec { iov_base = payload, iov_len = Encoding.UTF8.GetByteCount(assignments) };
            var message = new msghdr { msg_name = address, msg_namelen = (uint)_address.Length, msg_iov = &vector, msg_iovlen = 1 };
            // A full queue is waited for, or READY=1 would be lost and a healthy generation given up; but not for ever. The receiver may
            // also be gone (its generation was given up), which is not ours to mend.
            var patience = stackalloc long[2] { PatienceSeconds, 0 };
            LibC.setsockopt(socket, LibC.SOL_SOCKET, LibC.SO_SNDTIMEO, patience, 2 * sizeof(long));
            return LibC.sendmsg(socket, &message, LibC.MSG_NOSIGNAL | flags) >= 0 || Errno.Last != Errno.EAGAIN;
        }
    }
}
