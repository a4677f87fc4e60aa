using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StartServer.Generations;

/// <summary>What an envdir held when it was read.</summary>
/// <param name="Variables">By name.</param>
/// <param name="Problems">One line for each file that could not be taken, and for a directory that could not be read.</param>
internal sealed record EnvFiles(IReadOnlyDictionary<string, string> Variables, IReadOnlyList<string> Problems)
{
    internal static readonly EnvFiles None = new(new Dictionary<string, string>(), []);
}

/// <summary>
/// <c>--envdir</c>: each regular file is a variable, its first line without the newline the value, blanks and carriage returns
/// kept. An empty file sets nothing; names that begin with a dot are passed over, and so is all that is no file.
/// </summary>
internal static unsafe class EnvDirectory
{
    /// <summary>execve(2) takes no longer string than this, name, '=' and terminator included.</summary>
    private const int Longest = 128 * 1024;

    internal static EnvFiles Read(string directory)
    {
        var variables = new Dictionary<string, string>();
        var problems = new List<string>();
        try
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(directory))
            {
                var name = Path.GetFileName(path);
                // .NET has decoded the name, and there is no file of what it has made of it.
                if (name.Contains('\uFFFD') && FileIdentity.Of(path) is null) problems.Add($"envdir file {path} is passed over: its name has bytes that are not UTF-8");
                if (name.StartsWith('.') || FileIdentity.OfTarget(path) is not { IsRegular: true }) continue;
                if (name.Contains('=')) problems.Add($"envdir file {path} is passed over: no variable's name has a '='");
                else if (ReadValue(path, name, out var problem) is { } value) variables[name] = value;
                else if (problem is not null) problems.Add($"envdir file {path} is passed over: {problem}");
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Server::Starter starts without a word; so does it here, but for the word.
            problems.Add($"envdir {directory} gives no variables: {(Directory.Exists(directory) ? error.Message : "there is no such directory")}");
        }
        return new EnvFiles(variables, problems);
    }

    private static string? ReadValue(string path, string name, out string? problem)
    {
        // Non-blocking: it may have become a FIFO since we looked.
        var number = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0);
        problem = number < 0 && Errno.Last != Errno.ENOENT ? Errno.Last.Text : null;
        if (number < 0) return null;
        using var file = new FileDescriptor(number);
        var content = new byte[Longest - name.Length];
        var length = 0;
        fixed (byte* start = content)
        {
            while (length < content.Length && content.AsSpan(0, length).IndexOf((byte)'\n') < 0)
            {
                var count = (int)LibC.read(number, start + length, content.Length - length);
                if (count < 0)
                {
                    problem = Errno.Last.Text;
                    return null;
                }
                if (count == 0) break;
                length += count;
            }
        }
        return FirstLine(content.AsSpan(0, length), name, out problem);
    }

    private static string? FirstLine(ReadOnlySpan<byte> content, string name, out string? problem)
    {
        var end = content.IndexOf((byte)'\n');
        var line = end < 0 ? content : content[..end];
        problem = null;
        if (content.IsEmpty) return null;
        if (line.Contains((byte)0)) problem = "there is a zero byte in its first line";
        else if (line.Length > Longest - name.Length - 2) problem = $"its first line is longer than the {Longest} bytes that a variable can have";
        return problem is null ? OriginalBytes.Decode(line, name + "=") : null;
    }
}
