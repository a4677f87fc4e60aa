using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Options;

/// <summary>
/// One option with all that is known of it: how it is written, and what its value does to the <see cref="MasterOptions"/>. Made by
/// <see cref="Value{T}"/> and <see cref="Switch"/>, in the lists of the folder <c>Sections</c>.
/// </summary>
/// <param name="Declared">Name, aliases and help, as the parser knows them.</param>
/// <param name="Read">Takes a value that somebody gave; throws <see cref="FormatException"/>.</param>
/// <param name="Show">The value that holds, as it may be given again; null: not set.</param>
internal sealed record MasterOption(Option Declared, Func<MasterOptions, string, MasterOptions> Read, Func<MasterOptions, string?> Show)
{
    internal string Name => Declared.Name;

    /// <summary>The only words its value may be, for the shell's completion.</summary>
    internal IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Asks for something else than serving (<c>--help</c>), or says where options are: no part of a configuration.</summary>
    internal bool IsCommand { get; init; }

    /// <summary>An option with a value. Its default is the one of <see cref="MasterOptions"/>.</summary>
    /// <param name="name">Without dashes.</param>
    /// <param name="kind">How its value is read and written.</param>
    /// <param name="help">One or more sentences.</param>
    /// <param name="get">Where it is kept.</param>
    /// <param name="set">The options with the value.</param>
    internal static MasterOption Value<T>(
        string name, ValueKind<T> kind, string help, Func<MasterOptions, T> get, Func<MasterOptions, T, MasterOptions> set) =>
        new(new Option(name, ValueForm.Text, help)
        {
            ValueName = kind.Name,
            EnvironmentTwin = Twin(name),
            Default = kind.Format(get(new MasterOptions())),
        }, (options, text) => set(options, kind.Parse(text)), options => kind.Format(get(options)))
        { Words = kind.Words };

    /// <summary>An option that is on or off, and off unless given.</summary>
    internal static MasterOption Switch(
        string name, string help, Func<MasterOptions, bool> get, Func<MasterOptions, bool, MasterOptions> set) =>
        new(new Option(name, ValueForm.Switch, help) { EnvironmentTwin = Twin(name) },
            (options, text) => set(options, CommandLineParser.ReadSwitch(text)), options => get(options) ? "1" : "0");

    internal const string TwinPrefix = "STARLETNET_";

    /// <summary><c>max-workers</c> → <c>STARLETNET_MAX_WORKERS</c>.</summary>
    internal static string Twin(string name) => TwinPrefix + name.Replace('-', '_').ToUpperInvariant();

    internal MasterOption Alias(params string[] aliases) => this with { Declared = Declared with { Aliases = aliases } };

    /// <summary>The default in words, where its value says too little.</summary>
    internal MasterOption DefaultIs(string words) => this with { Declared = Declared with { Default = words } };

    internal MasterOption In(string section) => this with { Declared = Declared with { Section = section } };
}
