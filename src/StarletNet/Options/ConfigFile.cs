using System.Text;
using System.Text.Unicode;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Options;

/// <summary>
/// The file of <c>--config</c>: an option a line, as <c>name = value</c>, as <c>name</c> alone (a switch), or as on the command line. Blank
/// lines are skipped; <c>#</c> at the beginning of a line or after a blank begins a comment. A value may stand in double quotes, and then
/// everything between them counts.
/// </summary>
internal static class ConfigFile
{
    /// <summary>All options together, with a paragraph about each, are a tenth of it.</summary>
    private const long LargestSize = 1 << 20;

    /// <returns>Every option given, with its value and <c>file:line</c>.</returns>
    /// <exception cref="OperatorException">Not readable, no file of text, or a line that is no option; names the line.</exception>
    internal static IReadOnlyList<(Option Option, Setting Setting)> Read(string path)
    {
        try
        {
            RefuseUnlessSmallFile(path);
            return [.. Lines(File.ReadAllBytes(path), path).SelectMany((line, index) => ReadLine(line, $"{path}:{index + 1}"))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var reason = LibC.access(path, LibC.R_OK) < 0 ? Errno.Last.Text : Directory.Exists(path) ? "it is a directory" : error.Message;
            throw new OperatorException($"cannot read the configuration file {path}: {reason}", ExitCodes.Usage);
        }
    }

    // Line by line, to name the one that is not UTF-8: decoded as it is, a path in it would lead to another file.
    private static List<string> Lines(byte[] content, string path)
    {
        var lines = new List<string>();
        var rest = content.AsSpan();
        if (rest.StartsWith("\uFEFF"u8)) rest = rest[3..];
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            if (!Utf8.IsValid(line)) throw new OperatorException($"{path}:{lines.Count + 1}: '{OriginalBytes.Escape(line.TrimEnd((byte)'\r'))}' has bytes that are not UTF-8", ExitCodes.Usage);
            lines.Add(Encoding.UTF8.GetString(line).TrimEnd('\r'));
            rest = end < 0 ? [] : rest[(end + 1)..];
        }
        return lines;
    }

    // A device may have no end, and a pipe without a writer no beginning. Asked by name and before it is opened: opening a pipe waits, and
    // opening some devices does something. What is put in its place a moment later is the business of the user who may write there.
    private static void RefuseUnlessSmallFile(string path)
    {
        if (FileIdentity.OfTarget(path) is not { IsDirectory: false } file) return;
        if (!file.IsRegular) throw Refuse(path, "it is no regular file");
        if (new FileInfo(path) is var info && info.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) info = target;
        if (info.Length > LargestSize) throw Refuse(path, $"it has {info.Length} bytes, and a configuration file has at most {LargestSize}");
    }

    private static OperatorException Refuse(string path, string why) => new($"cannot read the configuration file {path}: {why}", ExitCodes.Usage);

    internal static bool IsReadable(string path) => LibC.access(path, LibC.R_OK) == 0 || Errno.Last != Errno.EACCES;

    private static IEnumerable<(Option, Setting)> ReadLine(string line, string place)
    {
        if (Words(line) is not { } words) return [];
        try
        {
            var parsed = new CommandLineParser(OptionTable.All, Dialect.Plack).Parse(words);
            if (parsed.Rest.Count > 0 || parsed.Given.Count == 0) throw new OperatorException($"'{line.Trim()}' is not an option", ExitCodes.Usage);
            var option = parsed.Given[0].Option;
            if (OptionTable.Find(option.Name).IsCommand)
                throw new OperatorException($"--{option.Name} belongs on the command line", ExitCodes.Usage);
            return parsed.Given.Select(given => (given.Option, new Setting($"{place}: {given.Written.TrimStart('-')}", place, given.Value)));
        }
        catch (OperatorException error)
        {
            throw new OperatorException($"{place}: {error.Message}", error.ExitCode);
        }
    }

    /// <summary>The line as a command line would have it; null if there is nothing on it.</summary>
    private static string[]? Words(string line)
    {
        var text = line.Trim();
        if (text.Length == 0 || text[0] == '#') return null;
        var end = text.IndexOfAny(['=', ' ', '\t']);
        var name = end < 0 ? text : text[..end];
        var rest = end < 0 ? "" : text[end..].TrimStart();
        var hasValue = rest.StartsWith('=');
        var value = Value(hasValue ? rest[1..].TrimStart() : rest);
        // "-w 4" and "--workers 4" stay two words; "-w4" is one, "workers = 4" becomes one.
        if (name.StartsWith('-')) return hasValue ? [$"{name}={value}"] : value.Length > 0 ? [name, value] : [name];
        return hasValue ? [$"--{name}={value}"] : value.Length > 0 ? [$"--{name}", value] : [$"--{name}"];
    }

    private static string Value(string rest)
    {
        if (rest.StartsWith('"') && rest.LastIndexOf('"') is > 0 and var last && (last == rest.Length - 1 || IsComment(rest[(last + 1)..])))
            return rest[1..last];
        for (var i = 0; i < rest.Length; i++)
            if (rest[i] == '#' && (i == 0 || char.IsWhiteSpace(rest[i - 1]))) return rest[..i].TrimEnd();
        return rest;
    }

    private static bool IsComment(string text) => char.IsWhiteSpace(text[0]) && text.TrimStart() is ['#', ..];

    /// <summary>A value as <see cref="Value"/> reads it back.</summary>
    internal static string Quote(string value) =>
        value.Length == 0 || value.Contains('#', StringComparison.Ordinal) || value.Trim() != value || value[0] == '"' ? $"\"{value}\"" : value;
}
