using System.Text;

namespace StarletNet.Shared.CommandLine;

/// <summary>The option part of <c>--help</c>, from the table, in the table's order.</summary>
internal static class HelpText
{
    private const int Width = 79, Indent = 4;

    internal static string Of(IReadOnlyList<Option> table)
    {
        var text = new StringBuilder();
        foreach (var section in table.Where(option => option.Refusal is null).GroupBy(option => option.Section))
        {
            if (section.Key.Length > 0) text.Append(section.Key).Append(":\n");
            foreach (var option in section) Append(text, option);
            text.Append('\n');
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Append(StringBuilder text, Option option)
    {
        var names = option.Aliases.Prepend(option.Name).OrderBy(name => name.Length > 1);
        text.Append("  ").AppendJoin(", ", names.Select(name => name.Length == 1 ? "-" + name : "--" + name));
        if (option.HasValue) text.Append(' ').Append(option.ValueName);
        text.Append('\n');
        foreach (var line in Wrap(Sentence(option))) text.Append(' ', Indent + 2).Append(line).Append('\n');
    }

    private static string Sentence(Option option)
    {
        var notes = new List<string>();
        if (option.Repeatable) notes.Add("May be repeated");
        if (option.Default is not null) notes.Add($"Default: {option.Default}");
        if (option.EnvironmentTwin is not null) notes.Add($"Environment: {option.EnvironmentTwin}");
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
