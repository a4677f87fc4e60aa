using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Output;

/// <summary>
/// What a command was asked for. Written to the descriptor itself: .NET's console would install signal handlers of its own and, having
/// been asked for its encoding, a terminal's settings.
/// </summary>
internal static unsafe class StandardOutput
{
    /// <exception cref="OperatorException">Not all of it was written. A script must not take half of an answer, or none, for the answer.</exception>
    internal static void Write(string text)
    {
        for (ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text); !rest.IsEmpty;)
        {
            ssize_t count;
            fixed (byte* start = rest) count = LibC.write(1, start, rest.Length);
            if (count >= 0) rest = rest[(int)count..];
            else if (Errno.Last == Errno.EAGAIN) WaitForRoom();
            else if (Errno.Last != Errno.EINTR) throw new OperatorException($"cannot write to standard output: {Errno.Last}", ExitCodes.Failure);
        }
    }

    // Somebody who shares it with us has made it non-blocking.
    private static void WaitForRoom()
    {
        var room = new pollfd { fd = 1, events = LibC.POLLOUT };
        _ = LibC.poll(&room, 1, -1);
    }
}
