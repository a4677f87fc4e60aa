using System.Text;
using StarletNet.Shared.Interop;

namespace StartServer.Output;

/// <summary>
/// Where our lines go: descriptor 2, whatever it is by then, or our own way into the log pipe. One write(2) a line, so that lines
/// of several processes do not mix.
/// </summary>
internal static unsafe class StandardError
{
    /// <summary>More than that is not kept for a log that takes nothing.</summary>
    private const int MostWaiting = 10_000;

    private static readonly Queue<string> Waiting = [];
    private static int _descriptor = 2;
    private static Action? _linesWait;
    private static long _lost;

    internal static void WriteLine(string line)
    {
        if (Waiting.Count == 0 && Write(_descriptor, line + "\n")) return;
        if (Waiting.Count < MostWaiting) Waiting.Enqueue(line);
        else _lost++;
        _linesWait?.Invoke();
    }

    /// <summary>From now on lines go there. Where that never waits, those it does not take are kept, and <paramref name="linesWait"/> is told.</summary>
    internal static void GoTo(int descriptor, Action? linesWait)
    {
        _descriptor = descriptor;
        _linesWait = linesWait;
    }

    /// <summary>What is kept, for the program that takes our place.</summary>
    internal static IReadOnlyList<string> Kept => [.. Waiting];

    /// <summary>Goes on with what the program before us has kept.</summary>
    internal static void GoOnWith(IReadOnlyList<string> kept)
    {
        foreach (var line in kept) Waiting.Enqueue(line);
        if (kept.Count > 0) _linesWait?.Invoke();
    }

    /// <summary>Tries again what was kept.</summary>
    /// <returns>Whether some of it still waits.</returns>
    internal static bool WriteWaiting()
    {
        while (Waiting.TryPeek(out var line))
        {
            if (!Write(_descriptor, line + "\n"))
            {
                _linesWait?.Invoke();
                return true;
            }
            Waiting.Dequeue();
        }
        if (_lost > 0) WriteLine(Messages.LinesLost(_lost));
        _lost = 0;
        return Waiting.Count > 0;
    }

    /// <returns>Whether a file has taken it all.</returns>
    internal static bool WriteAll(int fd, ReadOnlySpan<byte> bytes) => Write(fd, bytes) && FileIdentity.SizeOf(fd) == bytes.Length;

    /// <returns>False if the descriptor never waits and takes nothing now.</returns>
    internal static bool Write(int fd, string text) => Write(fd, Encoding.UTF8.GetBytes(text));

    /// <inheritdoc cref="Write(int, string)"/>
    internal static bool Write(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            var written = 0;
            while (written < bytes.Length)
            {
                var count = (int)LibC.write(fd, start + written, bytes.Length - written);
                if (count < 0 && Errno.Last == Errno.EINTR) continue;
                if (count < 0 && Errno.Last == Errno.EAGAIN && written == 0 && _linesWait is not null) return false;
                // A log that is full or gone must not stop the service, and there is no other place to say so.
                if (count < 0) return true;
                written += count;
            }
        }
        return true;
    }
}
