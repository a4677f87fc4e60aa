using System.Text;
using StarletNet.Master.Workers;

namespace StarletNet.Master.Options;

/// <summary>
/// What <c>--check-config</c> prints: each option with the value that holds and where it was set. The text is a configuration file
/// itself; what is not set is a comment in it.
/// </summary>
internal static class CheckConfig
{
    private const int CommentColumn = 40;

    /// <param name="configuration">What holds.</param>
    /// <param name="environment">Reads a variable.</param>
    /// <param name="heap">What workers are told beyond the options.</param>
    internal static string Of(Configuration configuration, Func<string, string?> environment, HeapShare heap)
    {
        var options = configuration.Options;
        var text = new StringBuilder();
        foreach (var section in OptionTable.Entries.Where(entry => !entry.IsCommand).GroupBy(entry => entry.Declared.Section))
        {
            text.Append("# ").Append(section.Key).Append('\n');
            foreach (var entry in section) Append(text, entry, configuration, environment);
            text.Append('\n');
        }
        AppendSignals(text, options);
        text.Append("\n# Memory\n");
        Append(text, $"#heap of each worker: {(heap.Bytes is { } bytes ? $"at most {HeapShare.Size(bytes)}" : "left to .NET")}", heap.Why);
        return text.ToString();
    }

    private static void Append(StringBuilder text, MasterOption entry, Configuration configuration, Func<string, string?> environment)
    {
        var place = configuration.PlaceOf(entry.Name);
        if (entry.Name == "listen" && configuration.Options.Listen.Count > 0)
        {
            foreach (var spec in configuration.Options.Listen) Append(text, $"{entry.Name} = {ConfigFile.Quote(spec.ToString())}", place);
            return;
        }
        var value = entry.Name == "env" ? Environment(configuration.Options, environment) : entry.Show(configuration.Options);
        if (value is not null && value.Contains('\n', StringComparison.Ordinal)) Append(text, $"#{entry.Name} =", $"{place}: a value with a line break, which has no place in a file");
        else if (value is not null) Append(text, $"{entry.Name} = {ConfigFile.Quote(value)}", place);
        else Append(text, $"#{entry.Name} =", entry.Declared.Default is { } words ? $"{place}: {words}" : $"{place}: none");
    }

    private static void Append(StringBuilder text, string line, string comment) =>
        text.Append(line.PadRight(CommentColumn)).Append(" # ").Append(comment).Append('\n');

    private static string Environment(MasterOptions options, Func<string, string?> environment) =>
        options.EnvironmentName
        ?? OptionsReader.EnvironmentVariables.Select(environment).FirstOrDefault(name => name is { Length: > 0 })
        ?? options.UsualEnvironment;

    private static void AppendSignals(StringBuilder text, MasterOptions options)
    {
        var place = options.Preset is { } name ? $"preset {name}" : Configuration.Default;
        text.Append("# Signals\n");
        foreach (var (signal, meaning) in SignalMeanings.Of(options)) Append(text, $"#{signal}: {meaning}", place);
    }
}
