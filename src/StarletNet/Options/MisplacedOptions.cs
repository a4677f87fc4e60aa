using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Options;

/// <summary>
/// Options behind the application. They are its arguments and reach it as they are; but who writes <c>starletnet app.dll -p 80</c>, in the order of
/// <c>dotnet app.dll --urls …</c>, means starletnet. An application may have an option of the same name, so this is a warning, and behind <c>--</c> there is none.
/// </summary>
internal static class MisplacedOptions
{
    /// <summary>Options that most programs have, and that ask for nothing that starletnet would do: not worth a warning.</summary>
    private static readonly string[] Everywhere = ["help", "h", "version", "v", "man", "completion", "quiet", "q", "config", "env"];

    /// <param name="commandLine">As it was given.</param>
    /// <param name="parsed">The same, read: its rest is the application and its arguments.</param>
    /// <returns>What to say; null: nothing.</returns>
    internal static string? Find(IReadOnlyList<string> commandLine, ParsedCommandLine parsed)
    {
        // "starletnet -- app.dll -p 80": whoever writes the two dashes knows what stands behind them.
        var first = commandLine.Count - parsed.Rest.Count;
        var hasDashes = first > 0 && commandLine[first - 1] == "--";
        var namesProject = parsed["project"] is not null || parsed["app"] is not null;
        var words = parsed.Rest.Skip(namesProject ? 0 : 1).TakeWhile(word => word != "--").ToArray();
        if (hasDashes || words.FirstOrDefault(IsOurs) is not { } word) return null;
        var application = namesProject ? "the application" : parsed.Rest[0];
        return Name(word) == ForeignOptions.Urls
            ? $"{word} behind {application} goes to the application, which opens no address of its own here: write --listen ADDRESS in front of it, as in starletnet --listen 127.0.0.1:8080 app.dll"
            : $"{word} behind {application} goes to the application: write it in front if starletnet is meant, or -- before the application if not (starletnet -- app.dll {Name(word, dashes: true)} …)";
    }

    private static bool IsOurs(string word)
    {
        if (word.Length < 2 || word[0] != '-') return false;
        var name = Name(word);
        if (Everywhere.Contains(name)) return false;
        return name == ForeignOptions.Urls || OptionTable.Entries.Any(entry => entry.Name == name || entry.Declared.Aliases.Contains(name));
    }

    // "--port=80" is port, "-p80" is p; "-port" is no option of ours.
    private static string Name(string word, bool dashes = false)
    {
        var isLong = word.StartsWith("--", StringComparison.Ordinal);
        var name = isLong ? word[2..].Split('=')[0] : word.Length == 2 || char.IsAsciiDigit(word[2]) || word[2] == '=' ? word[1..2] : "";
        return dashes ? (isLong ? "--" : "-") + name : name.Replace('_', '-');
    }
}
