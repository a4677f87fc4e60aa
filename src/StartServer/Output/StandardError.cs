using System.Text;
using StarletNet.Shared.Interop;

namespace StartServer.Output;

/// <summary>Where our lines go: descriptor 2, whatever it is by then. One write(2) a line, so that lines of several processes do not mix.</summary>
internal static unsafe class StandardError
{
    internal static void WriteLine(string line) => Write(2, line + "\n");

    internal static void Write(int fd, string text) => Write(fd, Encoding.UTF8.GetBytes(text));

    internal static void Write(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            nint written = 0;
            while (written < bytes.Length)
            {
                var count = LibC.write(fd, start + written, bytes.Length - written);
                if (count < 0 && Errno.Last == Errno.EINTR) continue;
                // A log that is full or gone must not stop the service, and there is no other place to say so.
                if (count < 0) return;
                written += count;
            }
        }
    }
}
