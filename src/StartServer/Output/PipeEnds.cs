using StarletNet.Shared.Interop;

namespace StartServer.Output;

/// <summary>
/// A pipe whose two ends we hold twice: blocking ones for children, and descriptions of our own that never wait. (O_NONBLOCK
/// belongs to the description, so it cannot be ours alone on a descriptor that children share.)
/// </summary>
internal sealed unsafe class PipeEnds : IDisposable
{
    private readonly FileDescriptor _ownRead;

    private PipeEnds(FileDescriptor read, FileDescriptor write)
    {
        (Read, Write) = (read, write);
        _ownRead = OpenAnew(read, LibC.O_RDONLY);
        OwnWrite = OpenAnew(write, LibC.O_WRONLY);
    }

    internal FileDescriptor Read { get; }

    internal FileDescriptor Write { get; }

    internal FileDescriptor OwnWrite { get; }

    internal static PipeEnds Open()
    {
        var (read, write) = FileDescriptor.Pipe();
        return new PipeEnds(read, write);
    }

    /// <summary>The pipe that this process had before it became another program by exec.</summary>
    internal static PipeEnds Adopt(FileDescriptor read, FileDescriptor write) => new(read, write);

    private static FileDescriptor OpenAnew(FileDescriptor end, int mode)
    {
        var number = LibC.open($"/proc/self/fd/{end.Number}", mode | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        return number < 0 ? throw SystemCallException.Of("open of a pipe in /proc/self/fd") : new FileDescriptor(number);
    }

    internal bool IsEmpty => Waiting() == 0;

    /// <summary>Whoever reads finds end of file behind what waits. To be asked when our own ends are closed.</summary>
    internal bool HasNoWriter
    {
        get
        {
            var poll = new pollfd { fd = _ownRead.Number, events = LibC.POLLIN };
            return LibC.poll(&poll, 1, 0) > 0 && (poll.revents & LibC.POLLHUP) != 0;
        }
    }

    /// <summary>Throws away the oldest half when the pipe is three quarters full.</summary>
    /// <returns>How many bytes.</returns>
    internal int MakeRoom()
    {
        var capacity = LibC.fcntl(_ownRead.Number, LibC.F_GETPIPE_SZ, 0);
        if (capacity < 0 || Waiting() < capacity / 4 * 3) return 0;
        var buffer = new byte[capacity / 2];
        fixed (byte* start = buffer)
        {
            // Less if a child of the dead logger has read meanwhile.
            return (int)Math.Max(0, LibC.read(_ownRead.Number, start, buffer.Length));
        }
    }

    private int Waiting()
    {
        int bytes;
        return LibC.ioctl(_ownRead.Number, LibC.FIONREAD, &bytes) < 0 ? 0 : bytes;
    }

    internal void CloseWriteEnds()
    {
        Write.Dispose();
        OwnWrite.Dispose();
    }

    public void Dispose()
    {
        CloseWriteEnds();
        Read.Dispose();
        _ownRead.Dispose();
    }
}
