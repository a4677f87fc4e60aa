using System.Globalization;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>
/// A file with this process's pid, locked (flock(2)) for as long as the process lives. The lock, not the number, says whether a server is there: a
/// number may be a stranger's by now.
/// </summary>
/// <remarks>
/// <para>The order matters. The file is opened without truncation, so that a second instance cannot empty the first one's; then the lock is tried without
/// waiting; then the name is checked against the descriptor, because the former holder may have unlinked it between our open and our lock; only then is
/// it replaced. A new file gets its name when it is locked and written: by link(2) where there is none (<see cref="CreateNew"/>), by rename(2) in the place of
/// one that is left (<see cref="Replace"/>). Whoever reads it meanwhile finds a pid, and not nothing. The lock on the one that is left is kept until then:
/// whoever comes before finds it locked, and whoever has opened it and comes after finds that the name is another file's. So the meaning of the lock
/// survives the rename: at each moment the file that has the name is locked by its server, and <c>--stop</c>, which waits at the file that it has opened,
/// waits at the one whose number it has read.</para>
/// <para>Every user who may read a file may lock it. After a crash a stranger could hold the lock of the file that was left, and every start would be
/// refused. So the kernel is asked who holds it (<see cref="LockHolder"/>). A stranger's lock does not count, and its file is exchanged for ours
/// (<see cref="Exchange"/>).</para>
/// <para>What is no regular file, a link, or holds something else than a number is refused (<see cref="OwnedFile"/>). In a directory of somebody else's
/// root walks the path by descriptor (<see cref="GuardedOpen"/>), and names in it are then reached through that descriptor.</para>
/// </remarks>
internal sealed unsafe class PidFile : IDisposable
{
    private readonly FileDescriptor _file;
    private readonly int _pid;

    private PidFile(string path, int pid, FileDescriptor file)
    {
        Path = path;
        _pid = pid;
        _file = file;
    }

    internal string Path { get; }

    internal FileDescriptor Descriptor => _file;

    /// <summary>
    /// One that this process had before it became another program by exec. The lock belongs to the open file description, which is the
    /// same, so at no moment is there none.
    /// </summary>
    internal static PidFile Adopt(string path, int pid, FileDescriptor file) => new(path, pid, file);

    /// <summary>A line for the log: whose lock was passed over; null if there was none.</summary>
    internal string? Remark { get; private init; }

    private const string Kind = "a pid";

    /// <summary>Says before anything is started what <see cref="Create"/> or <see cref="TakeOver"/> would refuse, as far as it does not depend on who is running.</summary>
    /// <exception cref="OperatorException">What is there is not ours.</exception>
    /// <inheritdoc cref="Create"/>
    internal static void RefuseForeign(string path, int exitCode, string cannotOpen = ServerStarters)
    {
        if (OwnedFile.WhyForeign(path, Kind, IsPid) is { } why) throw new OperatorException($"{cannotOpen}{path}: {why}", exitCode);
    }

    private const string ServerStarters = "failed to open file:";

    /// <summary>Creates or takes over the file and writes <paramref name="pid"/> and a newline. Mode 0666 less the umask.</summary>
    /// <exception cref="OperatorException">
    /// Not writable, not of our kind, or locked by a process that may be a server; the message names it.
    /// </exception>
    /// <param name="path">Of the file.</param>
    /// <param name="pid">What is written.</param>
    /// <param name="exitCode">Of the failure.</param>
    /// <param name="cannotOpen">How the message begins, up to the path, when there can be no such file; the default is Server::Starter's.</param>
    /// <param name="guarded">See <see cref="GuardedOpen"/>.</param>
    internal static PidFile Create(string path, int pid, int exitCode, string cannotOpen = ServerStarters, bool guarded = false)
    {
        using var directory = guarded ? OpenDirectory(path, exitCode, cannotOpen) : null;
        var name = directory is null ? path : string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory.Number}/{System.IO.Path.GetFileName(path)}");
        while (true)
        {
            if (OwnedFile.WhyForeign(name, Kind, IsPid) is { } why) throw Cannot(why);
            if (FileIdentity.Of(name) is null)
            {
                if (CreateNew(path, name, pid, out var error) is { } made) return made;
                if (error.Number == LibC.EEXIST) continue;
                throw Cannot(error.Text);
            }
            var number = LibC.open(name, LibC.O_RDWR | LibC.O_NOFOLLOW | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
            if (number < 0 && Errno.Last == Errno.ENOENT) continue;
            if (number < 0) throw Cannot(Errno.Last == Errno.ELOOP ? "it is a symbolic link; name the file itself" : Errno.Last.Text);
            FileDescriptor? file = new(number);
            try
            {
                // Another one by now than when the name was looked at.
                if (OwnedFile.WhyForeign(number, Kind, IsPid) is { } foreign) throw Cannot(foreign);
                if (LibC.flock(number, LibC.LOCK_EX | LibC.LOCK_NB) == 0)
                {
                    if (FileIdentity.Of(number) != FileIdentity.Of(name)) continue;
                    // Nobody holds it any more.
                    if (Replace(path, name, pid, number) is { } replaced) return replaced;
                    Write(number, path, pid, exitCode);
                    var kept = new PidFile(path, pid, file);
                    file = null;
                    return kept;
                }
                if (Errno.Last != Errno.EAGAIN) throw new OperatorException($"flock failed({path}): {Errno.Last}", exitCode);
                var holders = LockHolder.Of(number);
                // It has let go meanwhile.
                if (holders is [] && LibC.flock(number, LibC.LOCK_SH | LibC.LOCK_NB) == 0) continue;
                if (Server(holders, number) is { } server) throw new OperatorException($"pid file {path} is locked: {server}; stop it or use another file", exitCode);
                if (Exchange(path, name, pid, number, holders!) is { } exchanged) return exchanged;
            }
            finally
            {
                file?.Dispose();
            }
        }

        OperatorException Cannot(string reason) => new($"{cannotOpen}{path}: {reason}", exitCode);
    }

    private static FileDescriptor OpenDirectory(string path, int exitCode, string cannotOpen)
    {
        var parent = System.IO.Path.GetDirectoryName(path) is { Length: > 0 } directory ? directory : ".";
        var number = GuardedOpen.Open(parent, LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_CLOEXEC, guarded: true, out var error);
        return number < 0 ? throw new OperatorException($"{cannotOpen}{path}: {GuardedOpen.Why(error)}", exitCode) : new FileDescriptor(number);
    }

    /// <summary>Digits, and blanks and line ends round them; also nothing at all.</summary>
    private static bool IsPid(ReadOnlySpan<byte> content)
    {
        var text = content.Trim(" \t\r\n"u8);
        return text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && text.Length <= 10;
    }

    /// <returns>What a message says of the process that may be the server; null: only strangers hold the lock.</returns>
    private static string? Server(IReadOnlyList<LockHolder>? holders, int file)
    {
        var named = ReadPid(file);
        var words = named?.ToString(CultureInfo.InvariantCulture) ?? "unknown";
        // The kernel does not tell, or the holder is of another pid namespace: the lock has to be enough.
        if (holders is null or []) return $"a server is running already (pid {words})";
        var owner = FileIdentity.OwnerOf(file);
        return holders.FirstOrDefault(holder => holder.MayBeServer(owner)) is not { } server ? null
            : server.Pid == named ? $"a server is running already (pid {words})"
            : $"{server} holds it";
    }

    /// <summary>
    /// Where there is none yet: made under another name, and linked, which fails where there is one by now.
    /// </summary>
    /// <returns>Null: it could not be made.</returns>
    private static PidFile? CreateNew(string path, string name, int pid, out Errno error)
    {
        var failure = Errno.None;
        var made = Make(path, name, pid, out error, (_, temporary) =>
        {
            if (LibC.link(temporary, name) == 0) return true;
            failure = Errno.Last;
            return false;
        });
        if (made is not null || failure == Errno.None) return made;
        error = failure;
        if (error.Number == LibC.EEXIST) return null;
        // A file system without hard links. A second instance may find it empty, and may get the lock first: then this one finds it locked.
        var number = LibC.open(name, LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC, 0x1b6 /* 0666 */);
        error = number < 0 ? Errno.Last : new Errno(LibC.EEXIST);
        if (number < 0) return null;
        var file = new FileDescriptor(number);
        if (LibC.flock(number, LibC.LOCK_EX | LibC.LOCK_NB) == 0 && FileIdentity.Of(number) == FileIdentity.Of(name))
        {
            Write(number, path, pid, ExitCodes.Failure);
            return new PidFile(path, pid, file);
        }
        file.Dispose();
        return null;
    }

    /// <summary>
    /// In the place of one that a server has left which was killed: written over, it could be read in the middle of that, as a number that nobody
    /// has written. One with other rights than ours would have keeps them, and is written over.
    /// </summary>
    /// <returns>Null: not in this way.</returns>
    private static PidFile? Replace(string path, string name, int pid, int left) => Make(path, name, pid, out _, (made, temporary) =>
        FileIdentity.RightsOf(made) == FileIdentity.RightsOf(left) && LibC.rename(temporary, name) == 0);

    /// <summary>
    /// In the place of one that only strangers have locked. Without the lock another start may do the same, or may get the lock in the moment that the
    /// stranger lets go. So the two files change places in one step, and what has come out is looked at: it must be the file that was
    /// judged, still locked by no server. A start that has got its lock checks the name afterwards, and this looks at the lock after the name has changed: one of
    /// the two sees the other. If it is not so, the files change places again.
    /// </summary>
    /// <returns>Null: what is at the path is another file by now, and is to be looked at anew.</returns>
    /// <exception cref="OperatorException">They cannot be exchanged.</exception>
    private static PidFile? Exchange(string path, string name, int pid, int left, IReadOnlyList<LockHolder> holders)
    {
        var strangers = string.Join(", ", holders);
        if (OwnedFile.CreateBeside(name, out var temporary, out var error) is not { } file) throw Held(error);
        var isOurs = false;
        try
        {
            if (FileIdentity.RightsOf(left) is { } rights) _ = LibC.fchmod(file.Number, (ushort)(rights.Mode & 0x1ff));
            if (LibC.flock(file.Number, LibC.LOCK_EX | LibC.LOCK_NB) < 0) throw Held(Errno.Last);
            if (FileDescriptor.WriteAll(file.Number, PidText.Of(pid)) is { } full) throw Held(full);
            if (LibC.renameat2(LibC.AT_FDCWD, temporary, LibC.AT_FDCWD, name, LibC.RENAME_EXCHANGE) < 0)
                return Errno.Last == Errno.ENOENT ? null : throw Held(Errno.Last);
            isOurs = FileIdentity.Of(temporary) == FileIdentity.Of(left) && LockHolder.Of(left) is { } now && (now is [] || Server(now, left) is null);
            if (!isOurs) _ = LibC.renameat2(LibC.AT_FDCWD, temporary, LibC.AT_FDCWD, name, LibC.RENAME_EXCHANGE);
            return isOurs ? new PidFile(path, pid, file) { Remark = $"pid file {path} was left by a server that has ended, and {strangers} holds a lock on it, which does not count" } : null;
        }
        finally
        {
            LibC.unlink(temporary);
            if (!isOurs) file.Dispose();
        }

        OperatorException Held(Errno reason) => new($"pid file {path} is locked by {strangers}, which is no server, and cannot be replaced: {reason}; end that process or use another file", ExitCodes.Failure);
    }

    /// <summary>A new one, locked and written, that gets its name last: a second instance that finds the name finds it locked.</summary>
    private static PidFile? Make(string path, string name, int pid, out Errno error, Func<int, string, bool> puts)
    {
        if (OwnedFile.CreateBeside(name, out var temporary, out error) is not { } file) return null;
        var isMade = LibC.flock(file.Number, LibC.LOCK_EX | LibC.LOCK_NB) == 0 && FileDescriptor.WriteAll(file.Number, PidText.Of(pid)) is null && puts(file.Number, temporary);
        if (!isMade) error = Errno.Last;
        LibC.unlink(temporary);
        if (isMade) return new PidFile(path, pid, file);
        file.Dispose();
        return null;
    }

    /// <summary>
    /// Puts a file of ours in the place of our predecessor's, in one step: no reader finds none. The predecessor keeps its lock on a file without a
    /// name, and at its end finds the name to be another's.
    /// </summary>
    /// <exception cref="OperatorException">Not writable.</exception>
    /// <inheritdoc cref="Create"/>
    internal static PidFile TakeOver(string path, int pid, int exitCode, string cannotOpen)
    {
        RefuseForeign(path, exitCode, cannotOpen);
        return Make(path, path, pid, out var error, (_, temporary) => LibC.rename(temporary, path) == 0)
            ?? throw new OperatorException($"{cannotOpen}{path}: {error}", exitCode);
    }

    private static void Write(int file, string path, int pid, int exitCode)
    {
        var line = PidText.Of(pid);
        // Over what is there, and cut off afterwards. A shell that reads it in between does not see newlines at the end.
        var cover = new byte[Math.Max(line.Length, Math.Min(FileIdentity.SizeOf(file), 64))];
        cover.AsSpan().Fill((byte)'\n');
        line.CopyTo(cover, 0);
        var error = FileDescriptor.WriteAll(file, cover) ?? (LibC.ftruncate(file, line.Length) < 0 ? Errno.Last : null);
        if (error is not null) throw new OperatorException($"failed to write file:{path}: {error}", exitCode);
    }

    /// <summary>The pid in an open pid file; null if there is none.</summary>
    internal static int? ReadPid(int file)
    {
        var buffer = stackalloc byte[32];
        var length = LibC.pread(file, buffer, 32, 0);
        return length > 0 && int.TryParse(Encoding.ASCII.GetString(buffer, (int)length).Split('\n')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            ? pid
            : null;
    }

    /// <summary>
    /// Removes the name if it is still this file's and the file still holds our pid, and only then unlocks: who waits for the lock finds the name gone. One that we
    /// may not remove, because we are another user by now, is emptied: it must not name a process that is somebody else's some day.
    /// </summary>
    public void Dispose()
    {
        if (_file.IsClosed) return;
        var isOurs = FileIdentity.Of(_file.Number) == FileIdentity.Of(Path) && PidText.IsIn(_file.Number, _pid);
        if (isOurs && LibC.unlink(Path) < 0) LibC.ftruncate(_file.Number, 0);
        _file.Dispose();
    }
}
