namespace StarletNet.Shared.CommandLine;

/// <summary>What an option's value looks like to the parser; finer checks belong to whoever reads it.</summary>
internal enum ValueForm
{
    /// <summary>No value: on when given.</summary>
    Switch,

    /// <summary>Any text.</summary>
    Text,

    /// <summary>A decimal integer with an optional sign.</summary>
    Integer,
}

/// <summary>One option, as data: parsing, <c>--help</c> and documentation all come from here.</summary>
/// <param name="Name">Without dashes: <c>max-workers</c>.</param>
/// <param name="Form">What its value looks like.</param>
/// <param name="Help">What it does, for <c>--help</c>: one or more sentences.</param>
internal sealed record Option(string Name, ValueForm Form, string Help)
{
    /// <summary>Other names; one of a single letter is written with one dash.</summary>
    internal string[] Aliases { get; init; } = [];

    /// <summary>What stands for the value in the help: <c>SECONDS</c>.</summary>
    internal string ValueName { get; init; } = "VALUE";

    /// <summary>A word that a switch may also be set to: <c>--ipv6=only</c>; null for none.</summary>
    internal string? ThirdPosition { get; init; }

    /// <summary>The default as the help shows it; null for none.</summary>
    internal string? Default { get; init; }

    /// <summary>The environment variable that sets the same thing; null for none.</summary>
    internal string? EnvironmentTwin { get; init; }

    /// <summary>All values count, in order; otherwise the last one.</summary>
    internal bool Repeatable { get; init; }

    /// <summary>
    /// Not one of the options that a program had when its command lines were first written down: it may not make an abbreviation
    /// of those ambiguous, nor take it over.
    /// </summary>
    internal bool Extension { get; init; }

    /// <summary>Known, and refused for this reason: what to do instead. Not in the help. A name may end in <c>*</c>.</summary>
    internal string? Refusal { get; init; }

    /// <summary>The heading it stands under in the help.</summary>
    internal string Section { get; init; } = "";

    internal bool HasValue => Form != ValueForm.Switch;
}
