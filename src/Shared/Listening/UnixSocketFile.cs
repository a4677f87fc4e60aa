using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Listening;

/// <summary>Why a socket path may not be taken.</summary>
internal enum SocketPathConflict
{
    /// <summary>A file or directory that is no socket: whoever owns it would lose it.</summary>
    NotASocket,

    /// <summary>Another server answers there.</summary>
    InUse,

    /// <summary>Longer than the kernel allows.</summary>
    TooLong,
}

/// <summary>Something is at the path of a Unix socket that must not be replaced.</summary>
internal sealed class SocketPathException(string path, SocketPathConflict conflict) : Exception($"{path}: {conflict}")
{
    internal SocketPathConflict Conflict { get; } = conflict;
}

/// <summary>
/// The name of a Unix socket in the file system. Bound under a temporary name, given its mode, made to listen, then renamed over
/// the path: at no moment is there a name that refuses connections or has the wrong permissions, and a live server's socket is
/// never stolen. Removed only while the name still means our socket.
/// </summary>
internal sealed unsafe class UnixSocketFile
{
    private readonly string _path;
    private readonly FileIdentity? _identity;

    private UnixSocketFile(string path, FileDescriptor socket)
    {
        // The name may be relative; we never change directory, but a full path also survives the day somebody does.
        _path = Path.GetFullPath(path);
        _identity = FileIdentity.Of(_path);
        Socket = socket;
    }

    internal FileDescriptor Socket { get; }

    internal static UnixSocketFile Bind(string path, uint mode, Action<FileDescriptor> listen)
    {
        if (UnixAddress.Encode(path) is not { } address) throw new SocketPathException(path, SocketPathConflict.TooLong);
        RefuseIfTaken(path, address);
        var temporary = TemporaryName(path);
        var socket = ListeningSocket.Open(LibC.AF_UNIX, LibC.SOCK_STREAM);
        try
        {
            // Left over from a process of our pid that was killed in this very moment of its life.
            LibC.unlink(temporary);
            ListeningSocket.Bind(socket, UnixAddress.Encode(temporary) ?? throw new SocketPathException(path, SocketPathConflict.TooLong));
            if (LibC.chmod(temporary, mode) < 0) throw SystemCallException.Of("chmod");
            listen(socket);
            if (LibC.rename(temporary, path) < 0) throw SystemCallException.Of("rename");
            return new UnixSocketFile(path, socket);
        }
        catch
        {
            LibC.unlink(temporary);
            socket.Dispose();
            throw;
        }
    }

    /// <summary>True if a dead socket is at the path, which will be replaced.</summary>
    internal static bool IsStale(string path) => FileIdentity.Of(path) is { IsSocket: true };

    private static void RefuseIfTaken(string path, byte[] address)
    {
        if (FileIdentity.Of(path) is not { } existing) return;
        if (!existing.IsSocket) throw new SocketPathException(path, SocketPathConflict.NotASocket);
        // Non-blocking: a server whose queue is full answers EAGAIN, and is as alive as one that takes us.
        using var probe = ListeningSocket.Open(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_NONBLOCK);
        fixed (byte* pointer = address)
        {
            if (LibC.connect(probe.Number, pointer, (uint)address.Length) == 0 || Errno.Last != Errno.ECONNREFUSED)
                throw new SocketPathException(path, SocketPathConflict.InUse);
        }
    }

    // Beside the path, so that rename(2) stays within one file system; short, because every byte counts against sun_path.
    private static string TemporaryName(string path) =>
        Path.Combine(Path.GetDirectoryName(path) ?? "", $".{LibC.getpid()}");

    internal void Remove()
    {
        if (_identity is not null && FileIdentity.Of(_path) == _identity) LibC.unlink(_path);
    }
}
