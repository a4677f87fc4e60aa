using System.Globalization;
using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StartServer.Supervision;

namespace StartServer.Files;

/// <summary>
/// <c>--status-file</c>: a line <c>GENERATION:PID</c> for each generation, oldest first, replaced as a whole by rename(2), so that
/// a reader sees one state or the next. Removed at the end only while it is still the one we wrote.
/// </summary>
internal sealed class StatusFile
{
    private readonly string _path;
    private readonly string _temporary;
    private FileIdentity? _ours;

    /// <exception cref="OperatorException">No file can be made beside the path: better known now than at the first deploy.</exception>
    internal StatusFile(string path)
        : this(path, ours: null)
    {
        if (Directory.Exists(path)) throw new OperatorException($"failed to open file:{path}: it is a directory", ExitCodes.Failure);
        if (Replace([], rename: false) is { } error) throw new OperatorException($"failed to open file:{path}: {error}", ExitCodes.Failure);
    }

    private StatusFile(string path, FileIdentity? ours)
    {
        _path = path;
        _temporary = $"{path}.{((int)LibC.getpid()).ToString(CultureInfo.InvariantCulture)}";
        _ours = ours;
    }

    /// <summary>The one that this process wrote before it became another program by exec. If it can be written no more, the service goes on.</summary>
    internal static StatusFile Adopt(string path, FileIdentity? ours) => new(path, ours);

    /// <summary>Which file it was when we wrote it last; null before the first time.</summary>
    internal FileIdentity? Identity => _ours;

    /// <returns>Why it could not be written; null if it was.</returns>
    internal Errno? Write(IEnumerable<Generation> generations) => Replace(Format(generations), rename: true);

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
    }

    private Errno? Replace(byte[] content, bool rename)
    {
        var error = WriteTemporary(content);
        if (error is null && rename)
        {
            var identity = FileIdentity.Of(_temporary);
            if (LibC.rename(_temporary, _path) == 0)
            {
                _ours = identity;
                return null;
            }
            error = Errno.Last;
        }
        LibC.unlink(_temporary);
        return error;
    }

    private Errno? WriteTemporary(byte[] content)
    {
        // Never a file that is there: where others may write to the directory, it may be a link of theirs to anything.
        LibC.unlink(_temporary);
        var number = LibC.open(_temporary, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_CLOEXEC, 0x1b6 /* 0666 */);
        if (number < 0) return Errno.Last;
        using var file = new FileDescriptor(number);
        return FileDescriptor.WriteAll(number, content);
    }
}
