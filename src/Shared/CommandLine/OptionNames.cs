using StarletNet.Shared.Errors;

namespace StarletNet.Shared.CommandLine;

/// <summary>Finds the option that is meant by what somebody wrote.</summary>
internal sealed class OptionNames(IReadOnlyList<Option> table, Dialect dialect, IReadOnlyList<string> reserved)
{
    private const string Negation = "disable-";

    private static readonly (string Prefix, bool Negates)[] SwitchPrefixes = [("enable-", false), (Negation, true), ("no-", true)];

    /// <param name="letter">What follows the dash.</param>
    /// <param name="word">All that was written, for the message.</param>
    internal Option? Short(char letter, string word)
    {
        var found = table.FirstOrDefault(option => option.Aliases.Any(alias => alias.Length == 1 && alias[0] == letter));
        return found is { Refusal: { } why } ? throw Refused(word[..2], why) : found;
    }

    /// <param name="name">What was written, without dashes and value.</param>
    /// <param name="word">All that was written, for the message.</param>
    /// <returns>The option, its name as the messages show it, and what a switch is set to by that form of its name; null: by its value.</returns>
    internal (Option Option, string Written, bool? Says) Find(string name, string word)
    {
        var wanted = dialect.ShortOptions ? name.Replace('_', '-') : name;
        if (table.FirstOrDefault(option => option.Refusal is not null && Names(option).Any(known => Fits(known, wanted))) is { } refused)
            throw Refused("--" + name, refused.Refusal!);
        if (Exact(wanted) is { } exact) return (exact, name, null);
        if (reserved.FirstOrDefault(known => known.Equals(wanted, NameComparison)) is { } held) throw NotInThisVersion(held);
        if (dialect.SwitchForms && Prefixed(wanted) is { } prefixed) return prefixed;
        if (dialect.LooseNames && name.Length > 0 && Abbreviated(name) is { } abbreviated) return (abbreviated, abbreviated.Name, null);
        throw Unknown(word);
    }

    internal OperatorException Unknown(string word)
    {
        var name = word.TrimStart('-').Split('=')[0];
        if (dialect.LooseNames) return new OperatorException($"Unknown option: {name}{(Meant(name) is { } meant ? $"; did you mean --{meant}?" : "")}", dialect.ErrorExitCode);
        var hint = FindNearest(name.Replace('_', '-'), table) is { Name: var nearest } ? $"; did you mean --{nearest}?" : "; see --help";
        return new OperatorException($"unknown option {word.Split('=')[0]}{hint}", dialect.ErrorExitCode);
    }

    private Option? Exact(string name)
    {
        return table.FirstOrDefault(option =>
            option.Name.Equals(name, NameComparison) || option.Aliases.Any(alias => alias.Length > 1 && alias.Equals(name, NameComparison)));
    }

    private static IEnumerable<string> Names(Option option) => option.Aliases.Where(alias => alias.Length > 1).Append(option.Name);

    private static bool Fits(string known, string wanted) =>
        known.EndsWith('*') ? wanted.StartsWith(known[..^1], StringComparison.Ordinal) : known == wanted;

    private OperatorException Refused(string written, string why) => new($"option {written} is not supported: {why}", dialect.ErrorExitCode);

    private StringComparison NameComparison => dialect.LooseNames ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    private OperatorException NotInThisVersion(string name) =>
        new($"Option {name} is not supported by this version", dialect.ErrorExitCode);

    private (Option, string, bool?)? Prefixed(string name)
    {
        foreach (var (prefix, negates) in SwitchPrefixes)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal)) continue;
            var rest = name[prefix.Length..];
            if (Exact(rest) is { HasValue: false } option) return (option, name, negates ? false : null);
            // A switch whose own name is a negation, and what was written is its inverse or says the same.
            if (Exact(Negation + rest) is { HasValue: false } negation) return (negation, name, negates);
        }
        return null;
    }

    // The original options alone: the original has no abbreviation of an option that came later, and one that may come to mean something
    // else with the next version has no place in a script.
    private Option? Abbreviated(string name) =>
        Unique(name, table.Where(option => !option.Extension && option.Refusal is null).Select(option => option.Name).Concat(reserved));

    /// <summary>For the hint alone: the later option that the name is the beginning of, else the nearest one.</summary>
    private string? Meant(string name) =>
        name.Length > 1 && table.Where(option => option.Extension && option.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase)).ToArray() is [{ Name: var only }]
            ? only
            : FindNearest(name.ToLowerInvariant(), table)?.Name;

    private Option? Unique(string name, IEnumerable<string> names)
    {
        var candidates = names.Where(known => known.StartsWith(name, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ToArray();
        if (candidates.Length == 0) return null;
        if (candidates.Length == 1) return Exact(candidates[0]) ?? throw NotInThisVersion(candidates[0]);
        throw new OperatorException($"Option {name} is ambiguous ({string.Join(", ", candidates)})", dialect.ErrorExitCode);
    }

    /// <summary>The known name with the fewest edits between it and what was written, if they are few.</summary>
    private static (Option Option, string Name)? FindNearest(string name, IEnumerable<Option> table)
    {
        var names = table.Where(option => option.Refusal is null).SelectMany(option => Names(option).Select(known => (Option: option, Name: known))).ToArray();
        return Spelling.Nearest(name, names.Select(known => known.Name)) is { } nearest ? names.First(known => known.Name == nearest) : null;
    }

    /// <summary>The option that may have been meant by a name that none has; null: none is near.</summary>
    internal static Option? Nearest(string name, IEnumerable<Option> table) => FindNearest(name, table)?.Option;
}
