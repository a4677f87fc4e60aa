using System.Globalization;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Processes;

namespace StarletNet.Shared.CommandLine;

/// <summary>Reads a command line by a table of options. Parsing ends at the first word that is no option, or at <c>--</c>.</summary>
/// <param name="table">What may be given.</param>
/// <param name="dialect">How it may be written.</param>
/// <param name="reserved">
/// Names that belong to the contract but not to this version. They are refused by name, and keep their place among the
/// abbreviations, so that <c>--re</c> never comes to mean something else.
/// </param>
internal sealed class CommandLineParser(IReadOnlyList<Option> table, Dialect dialect, IReadOnlyList<string>? reserved = null)
{
    private static readonly string[] On = ["1", "true", "yes", "on"];
    private static readonly string[] Off = ["0", "false", "no", "off"];

    private readonly OptionNames _names = new(table, dialect, reserved ?? []);

    /// <exception cref="OperatorException">The first thing that cannot be read.</exception>
    internal ParsedCommandLine Parse(IReadOnlyList<string> arguments)
    {
        var given = new List<(Option, string, string)>();
        var position = 0;
        while (position < arguments.Count)
        {
            var word = arguments[position];
            if (word == "--") return new ParsedCommandLine(given, [.. arguments.Skip(position + 1)]);
            if (word.Length < 2 || word[0] != '-') break;
            position++;
            var first = position - 1;
            given.Add(ReadOption(word, arguments, ref position));
            // A path would lead to another file. What follows the options is a program's and reaches it as it is.
            foreach (var read in arguments.Take(position).Skip(first))
                if (OriginalBytes.Escaped(read) is { } escaped) throw Error($"option {given[^1].Item3}: '{escaped}' has bytes that are not UTF-8, which option values must be");
        }
        return new ParsedCommandLine(given, [.. arguments.Skip(position)]);
    }

    private (Option, string, string) ReadOption(string word, IReadOnlyList<string> arguments, ref int position)
    {
        var isLong = word.StartsWith("--", StringComparison.Ordinal);
        if (!isLong && dialect.ShortOptions && _names.Short(word[1], word) is { } shortOption)
            return ReadShort(shortOption, word, arguments, ref position);
        if (!isLong && !dialect.LooseNames) throw _names.Unknown(word);

        var text = word[(isLong ? 2 : 1)..];
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? text : text[..equals];
        var attached = equals < 0 ? null : text[(equals + 1)..];
        var (option, written, says) = _names.Find(name, word);
        if (!option.HasValue) return (option, ReadSwitch(option, written, attached, says), "--" + written);
        return (option, CheckForm(option, written, attached ?? NextWord(option, written, arguments, ref position)), "--" + written);
    }

    private (Option, string, string) ReadShort(Option option, string word, IReadOnlyList<string> arguments, ref int position)
    {
        var written = word[..2];
        if (!option.HasValue)
            return word.Length == 2
                ? (option, "1", written)
                : throw Error($"option {written} takes no value, but '{word}' gives one");
        var attached = word.Length > 2 ? word[2..].TrimStart('=') : null;
        return (option, CheckForm(option, written, attached ?? NextWord(option, written, arguments, ref position)), written);
    }

    private string ReadSwitch(Option option, string written, string? attached, bool? says)
    {
        if (attached is null) return says is false ? "0" : "1";
        if (says is null && attached == option.ThirdPosition) return attached;
        if (!dialect.SwitchForms) throw Error($"Option {written} does not take an argument");
        if (says is not null) throw Error($"option --{written} takes no value, but '={attached}' gives one");
        try
        {
            return ReadSwitch(attached) ? "1" : "0";
        }
        catch (FormatException error)
        {
            throw Error($"option --{written}: {error.Message}");
        }
    }

    /// <summary>What a switch may be set to, wherever it is set.</summary>
    /// <exception cref="FormatException">Neither a yes nor a no.</exception>
    internal static bool ReadSwitch(string value)
    {
        if (On.Contains(value, StringComparer.OrdinalIgnoreCase)) return true;
        if (Off.Contains(value, StringComparer.OrdinalIgnoreCase)) return false;
        throw new FormatException($"'{value}' is not a yes or no; write 1, 0, true, false, yes, no, on or off");
    }

    // What follows is the value whatever it looks like: "--dir -x" names a directory -x, as with Getopt::Long. But "--" as the value of an
    // option that Getopt::Long's program does not have is a value that was left out.
    private string NextWord(Option option, string written, IReadOnlyList<string> arguments, ref int position)
    {
        if (position < arguments.Count && (arguments[position] != "--" || (dialect.LooseNames && !option.Extension))) return arguments[position++];
        throw Missing(option, written);
    }

    private string CheckForm(Option option, string written, string value)
    {
        if (dialect.LooseNames && value.Length == 0) throw Missing(option, written);
        if (option.Form != ValueForm.Integer) return value;
        if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number is >= int.MinValue and <= int.MaxValue)
            return number.ToString(CultureInfo.InvariantCulture);
        throw Error(dialect.LooseNames
            ? $"Value \"{value}\" invalid for option {written} (number expected)"
            : $"option {Dashed(written)}: '{value}' is not a whole number");
    }

    private OperatorException Missing(Option option, string written) => Error(dialect.LooseNames
        ? $"Option {written} requires an argument"
        : $"option {Dashed(written)} needs a value: {Dashed(written)} {option.ValueName}");

    private static string Dashed(string written) => written.StartsWith('-') ? written : "--" + written;

    private OperatorException Error(string message) => new(message, dialect.ErrorExitCode);
}
