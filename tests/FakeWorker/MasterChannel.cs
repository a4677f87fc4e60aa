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

    /// <summary>Null at the end. Log files that are handed over take the places of the old ones.</summary>
    internal string? Receive()
    {
        Span<byte> buffer = stackalloc byte[ControlMessage.MaxLength];
        var length = SocketMessage.Receive(fd, buffer, out var descriptors, 0);
        var message = length > 0 ? Encoding.UTF8.GetString(buffer[..(int)length]) : null;
        var names = ControlMessage.Parse(message ?? "").Text.Split(' ');
        for (var i = 0; i < descriptors.Length; i++)
        {
            if (names[i] == ControlMessage.AccessLog) _ = LibC.dup2(descriptors[i], AccessLog!.Value);
            else StandardOutputs.Redirect(descriptors[i]);
        }
        return message;
    }

    /// <summary>Null: none.</summary>
    internal static int? AccessLog => int.TryParse(Environment.GetEnvironmentVariable(EnvironmentNames.AccessLog), out var number) ? number : null;

    internal static void Log(string line)
    {
        if (AccessLog is not { } log) return;
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        fixed (byte* pointer = bytes) _ = LibC.write(log, pointer, bytes.Length);
    }
}
