using System.Net.Sockets;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.FakeWorker;

/// <summary>The worker's end of the control channel, blocking.</summary>
internal sealed unsafe class MasterChannel(int fd)
{
    internal void Send(string message)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        fixed (byte* pointer = bytes) _ = LibC.write(fd, pointer, bytes.Length);
    }

    /// <summary>Null at the end.</summary>
    internal string? Receive()
    {
        var buffer = stackalloc byte[ControlMessage.MaxLength];
        var length = LibC.read(fd, buffer, ControlMessage.MaxLength);
        return length > 0 ? Encoding.UTF8.GetString(buffer, (int)length) : null;
    }
}
