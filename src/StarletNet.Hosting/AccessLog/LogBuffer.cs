using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.AccessLog;

/// <summary>
/// Lines that wait to be written together. What is written is always whole lines, in one write(2) to a file; to a pipe in as many as it takes for each to
/// be one piece for the kernel. Times are those of <see cref="Environment.TickCount64"/>.
/// </summary>
/// <param name="fd">Where they go.</param>
/// <param name="size">Bytes that may wait.</param>
/// <param name="interval">Milliseconds that the first of them may wait.</param>
internal sealed class LogBuffer(int fd, int size, long interval)
{
    /// <summary>PIPE_BUF: up to so much, what several processes write into a pipe does not mix.</summary>
    private const int PieceOfPipe = 4096;

    private readonly object _lock = new();
    private readonly byte[] _bytes = new byte[size];
    private int _used;
    private long _since;
    private bool _isOver;

    internal void Add(ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            if (_used + line.Length > _bytes.Length) WriteAll();
            if (_isOver || line.Length > _bytes.Length)
            {
                WriteOut(fd, line);
                return;
            }
            if (_used == 0) _since = Environment.TickCount64;
            line.CopyTo(_bytes.AsSpan(_used));
            _used += line.Length;
        }
    }

    /// <summary>How long nothing need be done, if nobody comes: a line that is added meanwhile is not late when that is over.</summary>
    internal int Wait(long now)
    {
        lock (_lock) return (int)Math.Clamp(_used == 0 ? interval : _since + interval - now, 0, int.MaxValue);
    }

    /// <summary>Writes what has waited long enough.</summary>
    internal void Look(long now)
    {
        lock (_lock)
        {
            if (_used > 0 && now >= _since + interval) WriteAll();
        }
    }

    internal void Flush()
    {
        lock (_lock) WriteAll();
    }

    /// <summary>The process ends: from now on each line is written at once.</summary>
    internal void End()
    {
        lock (_lock)
        {
            WriteAll();
            _isOver = true;
        }
    }

    /// <summary>The file is another one now. What was gathered before belongs to the old one.</summary>
    internal void Change(Action file)
    {
        lock (_lock)
        {
            WriteAll();
            file();
        }
    }

    private void WriteAll()
    {
        var left = _bytes.AsSpan(0, _used);
        _used = 0;
        var piece = left.Length <= PieceOfPipe || FileIdentity.Of(fd) is { IsRegular: true } ? left.Length : PieceOfPipe;
        while (!left.IsEmpty)
        {
            var length = left.Length <= piece ? left.Length : left[..piece].LastIndexOf((byte)'\n') + 1;
            // A line that is longer than a piece can only be written as it is.
            if (length == 0) length = left.IndexOf((byte)'\n') + 1;
            WriteOut(fd, left[..length]);
            left = left[length..];
        }
    }

    /// <summary>Regular files take all of it at once; what a full disk or a pipe without reader does not take is lost.</summary>
    internal static unsafe void WriteOut(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            nint written = 0;
            while (written < bytes.Length)
            {
                var count = LibC.write(fd, start + written, bytes.Length - written);
                if (count < 0 && Errno.Last == Errno.EINTR) continue;
                if (count <= 0) return;
                written += count;
            }
        }
    }
}
