using System.Globalization;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>
/// A file with this process's pid, locked for as long as the process lives. The lock, not the number, says whether somebody is
/// there: a number may be a stranger's by now.
/// </summary>
/// <remarks>
/// The order matters. Opened without truncation, so that a second instance cannot empty the first one's file; then the lock is
/// tried without waiting; then the name is checked against the descriptor, because the former holder may have unlinked it between
/// our open and our lock; only then is it written. A new one gets its name when it is locked and written, where there is none (<see cref="CreateWhole"/>) and
/// in the place of one that is left (<see cref="Replace"/>): who reads it meanwhile finds a pid, and not nothing. The lock on the one that is
/// left is kept until then: who comes before finds it locked, and who has opened it and comes after finds that the name is another file's.
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

    /// <summary>Creates or takes over the file and writes <paramref name="pid"/> and a newline. Mode 0666 less the umask.</summary>
    /// <exception cref="OperatorException">Not writable, or locked by a process that is alive; the message names its pid.</exception>
    /// <param name="path">Of the file.</param>
    /// <param name="pid">What is written.</param>
    /// <param name="exitCode">Of the failure.</param>
    /// <param name="cannotOpen">How the message begins, up to the path, when there can be no such file; the default is Server::Starter's.</param>
    /// <param name="guarded">See <see cref="GuardedOpen"/>.</param>
    internal static PidFile Create(string path, int pid, int exitCode, string cannotOpen = "failed to open file:", bool guarded = false)
    {
        while (true)
        {
            if (!guarded && CreateWhole(path, pid) is { } whole) return whole;
            var number = GuardedOpen.Open(path, LibC.O_RDWR | LibC.O_CREAT | LibC.O_CLOEXEC, guarded, out var error);
            if (number < 0) throw new OperatorException($"{cannotOpen}{path}: {(guarded ? GuardedOpen.Why(error) : error.Text)}", exitCode);
            var file = new FileDescriptor(number);
            if (LibC.flock(number, LibC.LOCK_EX | LibC.LOCK_NB) < 0)
            {
                var reason = Errno.Last;
                var holder = ReadPid(number);
                file.Dispose();
                throw new OperatorException(reason == Errno.EAGAIN
                    ? $"pid file {path} is locked: a server is running already (pid {holder?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}); stop it or use another file"
                    : $"flock failed({path}): {reason}", exitCode);
            }
            if (FileIdentity.Of(number) != FileIdentity.OfTarget(path))
            {
                file.Dispose();
                continue;
            }
            // Nobody holds it any more.
            if (!guarded && Replace(path, pid, number) is { } replaced)
            {
                file.Dispose();
                return replaced;
            }
            Write(number, path, pid, exitCode);
            return new PidFile(path, pid, file);
        }
    }

    /// <summary>
    /// Where there is none yet: made under another name, and linked, which fails where there is one by now. Whatever comes between is not told: the
    /// plain way meets it again. Not for root in a directory of somebody else's, where names must be walked (<see cref="GuardedOpen"/>): there the
    /// file is empty for the moment between its opening and its writing.
    /// </summary>
    /// <returns>Null: not in this way.</returns>
    private static PidFile? CreateWhole(string path, int pid)
    {
        if (FileIdentity.Of(path) is not null) return null;
        var temporary = Temporary(path, pid);
        return Make(path, temporary, pid, _ => LibC.link(temporary, path) == 0);
    }

    /// <summary>
    /// In the place of one that a server has left which was killed: written over, it could be read in the middle of that, as a number that nobody
    /// has written. One with other rights than ours would have keeps them, and is written over.
    /// </summary>
    /// <returns>Null: not in this way.</returns>
    private static PidFile? Replace(string path, int pid, int left)
    {
        var target = Target(path);
        var temporary = Temporary(target, pid);
        return Make(path, temporary, pid, made => FileIdentity.RightsOf(made) == FileIdentity.RightsOf(left) && LibC.rename(temporary, target) == 0);
    }

    private static PidFile? Make(string path, string temporary, int pid, Func<int, bool> puts)
    {
        var number = LibC.open(temporary, LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC, 0x1b6 /* 0666 */);
        if (number < 0) return null;
        var file = new FileDescriptor(number);
        // A second instance that finds the name finds it locked.
        var isMade = LibC.flock(number, LibC.LOCK_EX | LibC.LOCK_NB) == 0 && FileDescriptor.WriteAll(number, PidText.Of(pid)) is null && puts(number);
        LibC.unlink(temporary);
        if (isMade) return new PidFile(path, pid, file);
        file.Dispose();
        return null;
    }

    private static string Temporary(string path, int pid) => string.Create(CultureInfo.InvariantCulture, $"{path}.{pid}");

    /// <summary>
    /// Puts a file of ours in the place of our predecessor's, in one step: no reader finds none. The predecessor keeps its lock on a file without a
    /// name, and at its end finds the name to be another's.
    /// </summary>
    /// <exception cref="OperatorException">Not writable.</exception>
    /// <inheritdoc cref="Create"/>
    internal static PidFile TakeOver(string path, int pid, int exitCode, string cannotOpen)
    {
        // A link goes on leading to where it led.
        var target = Target(path);
        // A device, say: a file in its place would be everybody's loss.
        if (FileIdentity.Of(target) is { IsRegular: false }) throw new OperatorException($"{cannotOpen}{path}: it is no regular file", exitCode);
        var temporary = Temporary(target, pid);
        // Left by a process of the same number that was killed.
        LibC.unlink(temporary);
        var number = LibC.open(temporary, LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC, 0x1b6 /* 0666 */);
        if (number < 0) throw new OperatorException($"{cannotOpen}{path}: {Errno.Last}", exitCode);
        var file = new FileDescriptor(number);
        try
        {
            if (LibC.flock(number, LibC.LOCK_EX | LibC.LOCK_NB) < 0) throw new OperatorException($"{cannotOpen}{path}: {Errno.Last}", exitCode);
            Write(number, path, pid, exitCode);
            if (LibC.rename(temporary, target) < 0) throw new OperatorException($"{cannotOpen}{path}: {Errno.Last}", exitCode);
            return new PidFile(path, pid, file);
        }
        catch
        {
            LibC.unlink(temporary);
            file.Dispose();
            throw;
        }
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

    /// <summary>The pid in an open pid file, read from its beginning; null if there is none.</summary>
    internal static int? ReadPid(int file)
    {
        var buffer = stackalloc byte[32];
        var length = LibC.read(file, buffer, 32);
        return length > 0 && int.TryParse(Encoding.ASCII.GetString(buffer, (int)length).Split('\n')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            ? pid
            : null;
    }

    /// <summary>Where the file itself is, should the name be a link. Of one that somebody has removed there is nothing to resolve.</summary>
    /// <exception cref="OperatorException">The links go round in a ring.</exception>
    internal static string Target(string path)
    {
        try
        {
            return new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : path;
        }
        catch (IOException)
        {
            throw new OperatorException($"cannot follow the link {path}: {Errno.ELOOP}", ExitCodes.Failure);
        }
    }

    /// <summary>
    /// Removes the name if it is still this file's and the file still holds our pid, and only then unlocks: who waits for the lock finds the name gone. One that we
    /// may not remove, because we are another user by now, is emptied: it must not name a process that is somebody else's some day.
    /// </summary>
    public void Dispose()
    {
        if (_file.IsClosed) return;
        var isOurs = FileIdentity.Of(_file.Number) == FileIdentity.OfTarget(Path) && PidText.IsIn(_file.Number, _pid);
        // Of a symbolic link the file goes, not the link, which is not ours.
        if (isOurs && LibC.unlink(Target(Path)) < 0) LibC.ftruncate(_file.Number, 0);
        _file.Dispose();
    }
}
