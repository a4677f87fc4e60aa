using System.Globalization;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Listening;

/// <summary>Why a socket path may not be taken.</summary>
internal enum SocketPathConflict
{
    /// <summary>A file or directory that is no socket: whoever owns it would lose it.</summary>
    NotASocket,

    /// <summary>Another server answers there.</summary>
    InUse,

    /// <summary>The path, or the temporary name of seven bytes beside it, is longer than the kernel allows.</summary>
    TooLong,
}

/// <summary>Something is at the path of a Unix socket that must not be replaced.</summary>
internal sealed class SocketPathException(string path, SocketPathConflict conflict, int? pid = null) : Exception($"{path}: {conflict}")
{
    internal SocketPathConflict Conflict { get; } = conflict;

    /// <summary>The server that answers there, as a message names it: <c>nginx (pid 812)</c>, or <c>another server</c>.</summary>
    internal string Holder => (pid is { } known ? new AddressHolder().Named(known) : null) ?? "another server";
}

/// <summary>The name of a socket of ours, and what it meant when we gave it.</summary>
internal sealed record SocketName(string Path, FileIdentity? Identity)
{
    /// <summary>Only while it still means our socket.</summary>
    internal void Remove()
    {
        if (Identity is not null && FileIdentity.Of(Path) == Identity) LibC.unlink(Path);
    }
}

/// <summary>
/// The name of a Unix socket in the file system. Bound under a temporary name, given its mode, made to listen, then renamed over
/// the path: at no moment is there a name that refuses connections or has the wrong permissions, and a live server's socket is
/// never stolen.
/// </summary>
internal static unsafe class UnixSocketFile
{
    internal static (FileDescriptor Socket, SocketName Name) Bind(string path, uint mode, (uint User, uint Group)? owner, Action<FileDescriptor> listen, bool takesOver = false)
    {
        if (UnixAddress.Encode(path) is not { } address) throw new SocketPathException(path, SocketPathConflict.TooLong);
        if (!takesOver || FileIdentity.Of(path) is { IsSocket: false }) RefuseIfTaken(path, address);
        var temporary = TemporaryName(path);
        var socket = ListeningSocket.Open(LibC.AF_UNIX, LibC.SOCK_STREAM);
        try
        {
            ListeningSocket.Bind(socket, UnixAddress.Encode(temporary) ?? throw new SocketPathException(path, SocketPathConflict.TooLong));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        try
        {
            Give(temporary, mode, owner);
            listen(socket);
            var identity = FileIdentity.Of(temporary);
            if (LibC.rename(temporary, path) < 0) throw SystemCallException.Of("rename");
            // The name may be relative; we never change directory, but a full path also survives the day somebody does.
            return (socket, new SocketName(Path.GetFullPath(path), identity));
        }
        catch
        {
            LibC.unlink(temporary);
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// By descriptor: in a directory that somebody else may write, the name may be a link to anything by now, and we may be root.
    /// </summary>
    /// <exception cref="SocketPathException">It is no socket any more; nothing is given to what is there instead.</exception>
    internal static void Give(string temporary, uint mode, (uint User, uint Group)? owner)
    {
        using var file = new FileDescriptor(LibC.open(temporary, LibC.O_PATH | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, 0));
        if (file.IsInvalid) throw SystemCallException.Of("open");
        if (FileIdentity.Of(file.Number) is not { IsSocket: true }) throw new SocketPathException(temporary, SocketPathConflict.NotASocket);
        if (owner is { } given && LibC.fchownat(file.Number, "", given.User, given.Group, LibC.AT_EMPTY_PATH) < 0) throw SystemCallException.Of("chown");
        // What O_PATH opens has no fchmod(2); this name of it leads nowhere else.
        if (LibC.chmod(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.Number}"), mode) < 0) throw SystemCallException.Of("chmod");
    }

    /// <summary>True if a dead socket is at the path, which will be replaced.</summary>
    internal static bool IsStale(string path) => FileIdentity.Of(path) is { IsSocket: true };

    /// <summary>A conflict that does not depend on who is running; null if there is none.</summary>
    internal static SocketPathConflict? LastingConflict(string path)
    {
        if (UnixAddress.Encode(path) is null || UnixAddress.Encode(TemporaryName(path)) is null) return SocketPathConflict.TooLong;
        return FileIdentity.Of(path) is { IsSocket: false } ? SocketPathConflict.NotASocket : null;
    }

    private static void RefuseIfTaken(string path, byte[] address)
    {
        if (FileIdentity.Of(path) is not { } existing) return;
        if (!existing.IsSocket) throw new SocketPathException(path, SocketPathConflict.NotASocket);
        // Non-blocking: a server whose queue is full answers EAGAIN, and is as alive as one that takes us.
        using var probe = ListeningSocket.Open(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_NONBLOCK);
        fixed (byte* pointer = address)
        {
            var answers = LibC.connect(probe.Number, (sockaddr*)pointer, (uint)address.Length) == 0;
            // The kernel's word for the process that made it listen (SO_PEERCRED, unix(7)).
            if (answers) throw new SocketPathException(path, SocketPathConflict.InUse, PeerCredentials.Of(probe.Number).Pid);
            if (Errno.Last == Errno.EAGAIN || Errno.Last == Errno.EPROTOTYPE) throw new SocketPathException(path, SocketPathConflict.InUse);
            // Gone meanwhile is as good as dead; anything else (no permission to ask) leaves the question open, so hands off.
            if (Errno.Last != Errno.ECONNREFUSED && Errno.Last != Errno.ENOENT) throw SystemCallException.Of("connect");
        }
    }

    // Beside the path, so that rename(2) stays within one file system; short, because every byte counts against sun_path; by chance
    // and not by pid, which two containers that share the directory may have in common. bind(2) refuses a name that exists.
    private static string TemporaryName(string path) =>
        Path.Combine(Path.GetDirectoryName(path) ?? "", $".{Guid.NewGuid().ToString("N")[..6]}");
}
