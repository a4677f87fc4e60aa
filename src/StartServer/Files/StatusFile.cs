using System.Globalization;
using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StartServer.Supervision;

namespace StartServer.Files;

/// <summary>
/// <c>--status-file</c>: a line <c>GENERATION:PID</c> for each generation, oldest first, replaced as a whole by rename(2), so that
/// a reader sees one state or the next. Removed at the end only while it is still the one we wrote.
/// </summary>
/// <remarks>
/// The file is locked against a second start_server that is given the same path: whichever wrote last would remove what the other one shows. The lock is a write lock of
/// fcntl(2), not flock(2): only who may write the file can take one, the kernel tells whose it is, and readers (.NET's take a shared flock) are not in its way.
/// Each new file is locked before it gets the name, and the former one is closed afterwards, so the file that has the name is always locked. Such a lock
/// ends when its process closes any descriptor of that file: ours is the only one. An exec closes it; the program that goes on takes the lock anew, and in
/// the milliseconds between a second start could be let in, which then fails at the pid file or at the addresses.
/// </remarks>
internal sealed class StatusFile
{
    private const string Kind = "GENERATION:PID lines";

    private readonly string _path;
    private FileDescriptor? _file;
    private FileIdentity? _ours;

    /// <exception cref="OperatorException">
    /// What is there is not ours, or no file can be made beside the path: better known now than at the first deploy.
    /// </exception>
    internal StatusFile(string path)
        : this(path, ours: null)
    {
        RefuseForeign(path);
        if (Replace([], rename: false) is { } error) throw Cannot(path, error);
    }

    private StatusFile(string path, FileIdentity? ours)
    {
        _path = path;
        _ours = ours;
    }

    /// <summary>The one that this process wrote before it became another program by exec. If it can be written no more, the service goes on.</summary>
    internal static StatusFile Adopt(string path, FileIdentity? ours)
    {
        var status = new StatusFile(path, ours);
        if (ours is null) return status;
        var file = new FileDescriptor(LibC.open(path, LibC.O_RDWR | LibC.O_NOFOLLOW | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0));
        if (!file.IsInvalid && FileIdentity.Of(file.Number) == ours && Lock(file)) status._file = file;
        else file.Dispose();
        return status;
    }

    /// <summary>To be asked before anything is bound.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="mayBeInUse">Whether one that another start_server writes now is no reason.</param>
    /// <exception cref="OperatorException">What is at the path is not of our kind, or another start_server's.</exception>
    internal static void RefuseForeign(string path, bool mayBeInUse = false)
    {
        if ((mayBeInUse ? OwnedFile.WhyForeign(path, Kind, HoldsLines) : WhyNotOurs(path)) is { } why) throw Cannot(path, why);
    }

    private static OperatorException Cannot(string path, string why) => new($"failed to open file:{path}: {why}", ExitCodes.Failure);

    /// <summary>Which file it was when we wrote it last; null before the first time.</summary>
    internal FileIdentity? Identity => _ours;

    /// <returns>Why it could not be written; null if it was.</returns>
    internal string? Write(IEnumerable<Generation> generations) => Replace(Format(generations), rename: true);

    internal static byte[] Format(IEnumerable<Generation> generations) =>
        Encoding.ASCII.GetBytes(string.Concat(generations.OrderBy(generation => generation.Number)
            .Select(generation => $"{generation.Number}:{generation.Pid}\n")));

    /// <summary>What a status file says, ours or that of Server::Starter, which sorts its lines otherwise.</summary>
    /// <exception cref="FormatException">A line is not <c>GENERATION:PID</c>; the message quotes it.</exception>
    internal static IReadOnlyList<Generation> Parse(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ParseLine).OrderBy(generation => generation.Number)];

    private static Generation ParseLine(string line)
    {
        var parts = line.Split(':');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                ? new Generation(number, pid)
                : throw new FormatException($"'{line}' is not GENERATION:PID");
    }

    internal void Remove()
    {
        if (_ours is not null && FileIdentity.Of(_path) == _ours) LibC.unlink(_path);
        _file?.Dispose();
    }

    private string? Replace(byte[] content, bool rename)
    {
        // Ours as long as nobody has put another there.
        if (rename && (_ours is null || FileIdentity.Of(_path) != _ours) && WhyNotOurs(_path) is { } why) return why;
        if (OwnedFile.CreateBeside(_path, out var temporary, out var error) is not { } file) return error.Text;
        var reason = FileDescriptor.WriteAll(file.Number, content);
        // Without the lock (a file system that has none) all goes on as before.
        _ = Lock(file);
        if (reason is null && rename)
        {
            var identity = FileIdentity.Of(file.Number);
            if (LibC.rename(temporary, _path) == 0)
            {
                _ours = identity;
                _file?.Dispose();
                _file = file;
                return null;
            }
            reason = Errno.Last;
        }
        LibC.unlink(temporary);
        file.Dispose();
        return reason?.Text;
    }

    private static string? WhyNotOurs(string path)
    {
        if (OwnedFile.WhyForeign(path, Kind, HoldsLines) is { } why) return why;
        using var file = new FileDescriptor(LibC.open(path, LibC.O_RDONLY | LibC.O_NOFOLLOW | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0));
        return !file.IsInvalid && WriterOf(file) is { } writer ? $"it is the status file of another start_server, process {writer}; name another file" : null;
    }

    private static bool HoldsLines(ReadOnlySpan<byte> content)
    {
        try
        {
            Parse(Encoding.ASCII.GetString(content));
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static unsafe bool Lock(FileDescriptor file)
    {
        var whole = new flock { l_type = (short)LibC.F_WRLCK };
        return LibC.fcntl(file.Number, LibC.F_SETLK, &whole) == 0;
    }

    /// <returns>The process that has a write lock on it: asked for with a read lock, which no other lock is in the way of. Null: none. 0: one of another pid namespace.</returns>
    private static unsafe int? WriterOf(FileDescriptor file)
    {
        var whole = new flock { l_type = (short)LibC.F_RDLCK };
        return LibC.fcntl(file.Number, LibC.F_GETLK, &whole) == 0 && whole.l_type != LibC.F_UNLCK ? (int)whole.l_pid : null;
    }
}
