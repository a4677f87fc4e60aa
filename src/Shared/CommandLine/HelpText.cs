using System.Text;

namespace StarletNet.Shared.CommandLine;

/// <summary>The option part of <c>--help</c>, from the table, in the table's order.</summary>
internal static class HelpText
{
    private const int Width = 79, Indent = 4;

    /// <summary>How the heading begins under which options stand that only command lines of other programs need: it comes after all else.</summary>
    internal const string Compatibility = "Compatibility";

    /// <param name="table">The options.</param>
    /// <param name="twinOf">The rule by which a variable is named after its option; a variable that follows it is not mentioned. Null: there is no rule.</param>
    internal static string Of(IReadOnlyList<Option> table, Func<string, string>? twinOf = null) => Sections(table, twinOf, isCompatibility: false);

    /// <summary>The options under the heading that begins with <see cref="Compatibility"/>.</summary>
    /// <inheritdoc cref="Of"/>
    internal static string CompatibilityOf(IReadOnlyList<Option> table, Func<string, string>? twinOf = null) => Sections(table, twinOf, isCompatibility: true);

    private static string Sections(IReadOnlyList<Option> table, Func<string, string>? twinOf, bool isCompatibility)
    {
        var text = new StringBuilder();
        foreach (var section in table.Where(option => option.Refusal is null).GroupBy(option => option.Section))
        {
            if (section.Key.StartsWith(Compatibility, StringComparison.Ordinal) != isCompatibility) continue;
            if (section.Key.Length > 0) text.Append(section.Key).Append(":\n");
            foreach (var option in section) Append(text, option, twinOf);
            text.Append('\n');
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Append(StringBuilder text, Option option, Func<string, string>? twinOf)
    {
        var names = option.Aliases.Prepend(option.Name).OrderBy(name => name.Length > 1);
        text.Append("  ").AppendJoin(", ", names.Select(name => name.Length == 1 ? "-" + name : "--" + name));
        if (option.HasValue) text.Append(' ').Append(option.ValueName);
        text.Append('\n');
        foreach (var line in Wrap(Sentence(option, twinOf))) text.Append(' ', Indent + 2).Append(line).Append('\n');
    }

    private static string Sentence(Option option, Func<string, string>? twinOf)
    {
        var notes = new List<string>();
        if (option.Repeatable) notes.Add("May be repeated");
        if (option.Default is not null) notes.Add($"Default: {option.Default}");
        if (option.EnvironmentTwin is not null && option.EnvironmentTwin != twinOf?.Invoke(option.Name)) notes.Add($"Environment: {option.EnvironmentTwin}");
        return string.Join(' ', notes.Select(note => note + ".").Prepend(option.Help));
    }

    private static IEnumerable<string> Wrap(string sentence)
    {
        var line = new StringBuilder();
        foreach (var word in sentence.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > Width - Indent - 2)
            {
                yield return line.ToString();
                line.Clear();
            }
            if (line.Length > 0) line.Append(' ');
            line.Append(word);
        }
        if (line.Length > 0) yield return line.ToString();
    }
}
