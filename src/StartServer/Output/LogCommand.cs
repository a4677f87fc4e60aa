using System.Buffers;

namespace StartServer.Output;

/// <summary>The command of <c>--log-file '| command'</c>, started as Perl's open does.</summary>
/// <param name="Text">As it was given, without the bar.</param>
internal sealed record LogCommand(string Text)
{
    private static readonly char[] Blanks = [' ', '\t', '\n', '\r', '\f', '\v'];

    /// <summary>Any of these means that a shell is wanted.</summary>
    private static readonly SearchValues<char> ShellCharacters = SearchValues.Create("$&*(){}[]'\";\\|?<>~`\n");

    /// <summary>The command of a value that begins with a bar; null for a file's name.</summary>
    internal static LogCommand? Of(string? value) =>
        value?.TrimStart(Blanks) is ['|', .. var command] ? new LogCommand(command.Trim(Blanks)) : null;

    /// <summary>Program and arguments: split at blanks, or a shell with the command as it stands.</summary>
    internal string[] Words
    {
        get
        {
            var words = Text.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
            // NAME=value before the program is a shell's grammar too.
            return Text.AsSpan().ContainsAny(ShellCharacters) || words is [var first, ..] && first.Contains('=') ? ["sh", "-c", Text] : words;
        }
    }
}
