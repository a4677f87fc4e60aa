using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Output;

/// <summary>
/// Lines for people. Written to the descriptor itself: .NET's console would install signal handlers of its own and, having
/// been asked for its encoding, a terminal's settings. One write a line, so that lines of several processes do not mix.
/// </summary>
internal static unsafe class StandardStreams
{
    internal static void WriteError(string line) => Write(2, line);

    internal static void Write(int fd, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text.EndsWith('\n') ? text : text + "\n");
        fixed (byte* start = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var written = LibC.write(fd, start + done, bytes.Length - done);
                if (written < 0 && Errno.Last == Errno.EINTR) continue;
                // Nobody reads us any more, or the disk is full: there is no one left to tell.
                if (written < 0) return;
                done += (int)written;
            }
        }
    }
}
