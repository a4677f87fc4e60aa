namespace StarletNet.Shared.CommandLine;

/// <summary>The options that were given, in order, and what follows them.</summary>
/// <param name="Given">
/// Each option with its value, a switch with <c>1</c> or <c>0</c>; and with what was written for its name, dashes and all, which may be an
/// alias: an error that named another option than its reader typed would be a riddle.
/// </param>
/// <param name="Rest">From the first word that is no option, or after <c>--</c>.</param>
internal sealed record ParsedCommandLine(IReadOnlyList<(Option Option, string Value, string Written)> Given, IReadOnlyList<string> Rest)
{
    /// <summary>The last value given for the option of that name, or null.</summary>
    internal string? this[string name] => Given.LastOrDefault(given => given.Option.Name == name).Value;

    /// <summary>Every value given for it, in order.</summary>
    internal IReadOnlyList<string> All(string name) => [.. Given.Where(given => given.Option.Name == name).Select(given => given.Value)];

    internal bool IsOn(string name) => this[name] == "1";
}
