using System.Text;

namespace StarletNet.Shared.CommandLine;

/// <summary>
/// A manual page in roff's man macros, made from the text of <c>--help all</c> itself and so from the table of options: what the two say
/// cannot differ. Understood are the forms that help uses: a heading with a colon, an option with its indented text, a word with
/// its meaning two blanks behind it, an example after "$ " with its meaning below, and paragraphs.
/// </summary>
internal static class ManPage
{
    /// <param name="name">The program's.</param>
    /// <param name="summary">What it is, in half a line.</param>
    /// <param name="version">For the page's footer.</param>
    /// <param name="help">The text of <c>--help all</c>.</param>
    internal static string Of(string name, string summary, string version, string help)
    {
        var page = new StringBuilder();
        page.Append($".TH {name.ToUpperInvariant()} 1 \"\" \"{Escape(version)}\" \"User Commands\"\n");
        page.Append($".SH NAME\n{Escape(name)} \\- {Escape(summary)}\n");
        var lines = help.Split('\n');
        var usage = Array.FindIndex(lines, line => line.StartsWith("usage: ", StringComparison.OrdinalIgnoreCase));
        // Each way to write the command stands on a line of its own, below the first.
        var synopsis = lines.Skip(usage).TakeWhile(line => line.Length > 0).Select(line => Escape(line["usage: ".Length..].Trim())).ToArray();
        page.Append($".SH SYNOPSIS\n{string.Join("\n.br\n", synopsis)}\n.SH DESCRIPTION\n");
        var fresh = true;
        foreach (var line in lines.Skip(usage + synopsis.Length))
        {
            // A blank line ends a paragraph; whatever follows brings its own macro.
            if (line.Length == 0) fresh = true;
            else Append(page, line, ref fresh);
        }
        return page.ToString();
    }

    private static void Append(StringBuilder page, string line, ref bool fresh)
    {
        var indent = line.Length - line.TrimStart().Length;
        var text = line.Trim();
        var gap = text.IndexOf("  ", StringComparison.Ordinal);
        if (indent == 0 && fresh && text.EndsWith(':')) page.Append($".SH {Escape(text[..^1].ToUpperInvariant())}\n");
        else if (indent == 0) page.Append(fresh || text.EndsWith(':') ? ".PP\n" : "").Append($"{Escape(text)}\n");
        else if (indent == 2 && text[0] == '-') page.Append($".TP\n.B {Escape(text)}\n");
        else if (indent == 2 && text.StartsWith("$ ", StringComparison.Ordinal)) page.Append($".TP\n.B {Escape(text[2..])}\n");
        else if (indent == 2 && gap > 0) page.Append($".TP\n.B {Escape(text[..gap])}\n{Escape(text[gap..].TrimStart())}\n");
        else page.Append($"{Escape(text)}\n");
        fresh = false;
    }

    // A line that begins with a point or an apostrophe would be a request; hyphens are minus signs, so that options can be copied.
    private static string Escape(string text)
    {
        var escaped = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return escaped is ['.' or '\'', ..] ? "\\&" + escaped : escaped;
    }
}
