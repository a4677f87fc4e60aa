using System.Runtime.InteropServices;
using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Notify;

/// <summary>
/// A supervisor's end of sd_notify(3): one socket for one generation, so that nobody has to guess which generation is ready.
/// In the abstract namespace, so that nothing is left behind in the file system however we end. Anyone on the machine may send
/// there; the kernel attaches pid and uid, and the owner decides whom it believes.
/// </summary>
internal sealed unsafe class NotifyReceiver : IDisposable
{
    /// <summary>struct cmsghdr (16 bytes) and struct ucred (12), padded to 8.</summary>
    private const int CredentialsSpace = 32;

    private const int MaxDatagram = 4096;

    private NotifyReceiver(FileDescriptor socket, string address)
    {
        Socket = socket;
        Address = address;
    }

    internal FileDescriptor Socket { get; }

    /// <summary>The value for NOTIFY_SOCKET.</summary>
    internal string Address { get; }

    internal static NotifyReceiver Create()
    {
        // Unique, not secret (the kernel lists such names); a Guid, because the cryptographic generator would load OpenSSL: 4 MB.
        var address = $"@starletnet/notify/{Guid.NewGuid():N}";
        var raw = UnixAddress.Encode(address)!;
        var number = LibC.socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, 0);
        if (number < 0) throw SystemCallException.Of("socket");
        var socket = new FileDescriptor(number);
        var on = 1;
        fixed (byte* pointer = raw)
        {
            if (LibC.setsockopt(number, LibC.SOL_SOCKET, LibC.SO_PASSCRED, &on, sizeof(int)) == 0
                && LibC.bind(number, (sockaddr*)pointer, (uint)raw.Length) == 0)
                return new NotifyReceiver(socket, address);
        }
        var failure = SystemCallException.Of("bind of the notify socket");
        socket.Dispose();
        throw failure;
    }

    /// <summary>One that this process had before it became another program by exec, with all that waits in it.</summary>
    internal static NotifyReceiver Adopt(FileDescriptor socket, string address) => new(socket, address);

    /// <summary>The next datagram, or null if none is waiting.</summary>
    internal NotifyMessage? Receive()
    {
        var buffer = stackalloc byte[MaxDatagram];
        // Room for the credentials and nothing more: descriptors sent along do not fit, and the kernel closes those for us.
        var control = stackalloc byte[CredentialsSpace];
        var vector = new iovec { iov_base = buffer, iov_len = MaxDatagram };
        var message = new msghdr { msg_iov = &vector, msg_iovlen = 1, msg_control = control, msg_controllen = CredentialsSpace };
        ssize_t length;
        do length = LibC.recvmsg(Socket.Number, &message, LibC.MSG_DONTWAIT | LibC.MSG_CMSG_CLOEXEC);
        while (length < 0 && Errno.Last == Errno.EINTR);
        if (length < 0) return null;
        var (pid, uid) = ReadCredentials(new ReadOnlySpan<byte>(control, (int)message.msg_controllen));
        return new NotifyMessage(Encoding.UTF8.GetString(buffer, (int)length), pid, uid);
    }

    private static (int Pid, uint Uid) ReadCredentials(ReadOnlySpan<byte> control)
    {
        const int header = 16;
        if (control.Length < header + 12 || MemoryMarshal.Read<int>(control[12..]) != LibC.SCM_CREDENTIALS) return (0, uint.MaxValue);
        return (MemoryMarshal.Read<int>(control[header..]), MemoryMarshal.Read<uint>(control[(header + 4)..]));
    }

    public void Dispose() => Socket.Dispose();
}
