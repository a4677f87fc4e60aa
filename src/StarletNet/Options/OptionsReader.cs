using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Options;

/// <summary>A value somebody set.</summary>
/// <param name="Name">As a message about it begins: <c>option --port</c>, <c>STARLETNET_PORT</c>, <c>web.conf:3: port</c>.</param>
/// <param name="Place">Where it was set, for <c>--check-config</c>.</param>
/// <param name="Value">As it was written.</param>
internal sealed record Setting(string Name, string Place, string Value);

/// <summary>All options, and for each that was set where that was.</summary>
internal sealed record Configuration(MasterOptions Options, IReadOnlyDictionary<string, string> Places)
{
    internal const string Default = "default";

    /// <summary>What of the configuration file holds.</summary>
    internal IReadOnlyList<(Option Option, Setting Setting)> Lines { get; init; } = [];

    /// <summary>What it said when it was last read; a part of that may have to wait for the next start.</summary>
    internal ILookup<string, Setting> Seen { get; init; } = NoFile;

    /// <summary>Options that it says something new of, and that take effect at the next start only.</summary>
    internal IReadOnlyList<string> Waiting { get; init; } = [];

    /// <summary>The configuration file, if it may not be read any more; all holds as it was read before.</summary>
    internal string? Unreadable { get; init; }

    internal static readonly ILookup<string, Setting> NoFile = Array.Empty<Setting>().ToLookup(_ => "");

    internal string PlaceOf(string name) => Places.GetValueOrDefault(name, Default);
}

/// <summary>Command line over environment over configuration file over preset over default, every value checked.</summary>
internal sealed class OptionsReader(ParsedCommandLine commandLine, Func<string, string?> environment, int processors)
{
    /// <summary>Variables that name the application's environment, the first of them that is set.</summary>
    internal static readonly string[] EnvironmentVariables = ["ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "PLACK_ENV"];

    private readonly Dictionary<string, string> _places = [];
    private ILookup<string, Setting> _file = Configuration.NoFile;
    private Preset? _preset;

    /// <exception cref="OperatorException">The first value that is wrong, with its origin; <see cref="ExitCodes.Usage"/>.</exception>
    internal MasterOptions Read() => ReadAll().Options;

    /// <inheritdoc cref="Read"/>
    internal Configuration ReadAll()
    {
        var lines = ConfigurationPath is { } path ? ConfigFile.Read(path) : [];
        _file = Lookup(lines);
        var all = Combine() with { Lines = lines, Seen = _file };
        OptionsCheck.CheckDirectories(all.Options, name => Name(name));
        return all;
    }

    /// <summary>Reads the configuration file again, for what may change while we run; see <see cref="LiveOptions"/>.</summary>
    /// <param name="before">What holds so far.</param>
    /// <param name="directory">Where we were started.</param>
    /// <exception cref="OperatorException">It cannot be read, or something in it is wrong.</exception>
    internal Configuration ReadAgain(Configuration before, string directory)
    {
        if (ConfigurationPath is not { } path) return before;
        var file = Path.Combine(directory, path);
        // The rights that the start had are gone, as they should be.
        if ((before.Options.User ?? before.Options.Group) is not null && !ConfigFile.IsReadable(file)) return before with { Waiting = [], Unreadable = file };
        var lines = ConfigFile.Read(file);
        var seen = Lookup(lines);
        // As a start would: what is wrong is not to wait for the next one to be told.
        new OptionsReader(commandLine, environment, processors) { _file = seen }.Combine();
        var held = lines.Where(line => LiveOptions.Are(line.Option.Name)).Concat(before.Lines.Where(line => !LiveOptions.Are(line.Option.Name))).ToArray();
        var old = Lookup(before.Lines);
        _file = Lookup(held);
        var waiting = lines.Concat(before.Lines).Select(line => line.Option.Name).Distinct()
            .Where(name => !LiveOptions.Are(name) && !Same(seen, old, name) && !Same(seen, before.Seen, name));
        // What would do nothing beside what is held may be waiting for the next start, as its companion does.
        return Combine(isMixed: true) with { Lines = held, Seen = seen, Waiting = [.. waiting] };
    }

    private static ILookup<string, Setting> Lookup(IEnumerable<(Option Option, Setting Setting)> lines) => lines.ToLookup(line => line.Option.Name, line => line.Setting);

    private static bool Same(ILookup<string, Setting> one, ILookup<string, Setting> other, string name) =>
        one[name].Select(setting => setting.Value).SequenceEqual(other[name].Select(setting => setting.Value));

    private Configuration Combine(bool isMixed = false)
    {
        if (FindAll(OptionTable.Find(PresetName)) is [.., var chosen] && Apply(OptionTable.Find(PresetName), new MasterOptions(), chosen).Preset is { } name)
            _preset = Presets.All.Single(preset => preset.Name == name);

        var options = new MasterOptions { Processors = processors };
        if (_preset is not null)
        {
            options = options with { UsualEnvironment = _preset.Environment, StopsFast = _preset.StopsFast };
            // As all three do.
            options = options with { Http = options.Http with { RefusesExpectations = true } };
        }
        foreach (var entry in OptionTable.Entries.Where(entry => !entry.IsCommand))
        {
            var settings = FindAll(entry);
            if (settings is [.., var last]) _places[entry.Name] = last.Place;
            options = settings.Aggregate(options, (current, setting) => Apply(entry, current, setting));
        }
        if (_preset is not null)
            options = options with { FromPreset = _places.Where(option => option.Value == $"preset {_preset.Name}").Select(option => option.Key).ToHashSet() };
        options = FindInherited(FindApplication(options));
        // As dotnet run, by way of the launchSettings.json that every template has.
        if (_preset is null && options.Project is not null) options = options with { UsualEnvironment = "development" };
        OptionsCheck.Check(options, isMixed ? null : Usual(), name => Name(name), environment);
        return new Configuration(options, _places);
    }

    private MasterOptions Usual()
    {
        var usual = new MasterOptions { Processors = processors };
        if (_preset is null) return usual;
        return _preset.Values.Aggregate(usual, (options, value) => OptionTable.Find(value.Key).Read(options, value.Value));
    }

    /// <summary>The same as --log-level debug, in the manner of STARMAN_DEBUG and PERL_STARLIGHT_DEBUG.</summary>
    internal const string DebugVariable = "STARLETNET_DEBUG";

    private const string PresetName = Sections.ConfigurationOptions.Preset;

    /// <summary>The file of <c>--config</c>; null if there is none.</summary>
    private string? ConfigurationPath
    {
        get
        {
            var option = OptionTable.Find(Sections.ConfigurationOptions.Config);
            if (FindAll(option) is not [var file]) return null;
            Apply(option, new MasterOptions(), file);
            return file.Value;
        }
    }

    private static MasterOptions Apply(MasterOption option, MasterOptions options, Setting setting)
    {
        try
        {
            return option.Read(options, setting.Value);
        }
        catch (FormatException error)
        {
            throw new OperatorException($"{setting.Name}: {error.Message}", ExitCodes.Usage);
        }
    }

    /// <summary>The values that count: all of a repeatable option, else the last; of the highest place that has any.</summary>
    private Setting[] FindAll(MasterOption option)
    {
        var given = commandLine.Given.Where(given => given.Option.Name == option.Name).Select(given => new Setting($"option {given.Written}", "command line", given.Value));
        var separator = option.Declared.Repeatable ? ';' : '\0';
        IEnumerable<Setting> set = [];
        // An empty variable is how many tools write "not set".
        if (option.Declared.EnvironmentTwin is { } twin && environment(twin) is { Length: > 0 } variable)
            set = InUtf8(twin, variable).Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(value => new Setting(twin, $"environment {twin}", value));
        var preset = _preset?.Values.GetValueOrDefault(option.Name) is { } value
            ? [new Setting($"preset {_preset.Name}: {option.Name}", $"preset {_preset.Name}", value)]
            : Array.Empty<Setting>();
        Setting[] highest = [.. new[] { given, set, _file[option.Name], preset }.FirstOrDefault(place => place.Any()) ?? []];
        return option.Declared.Repeatable || highest.Length == 0 ? highest : [highest[^1]];
    }

    private static string InUtf8(string variable, string value) => OriginalBytes.Escaped($"{variable}={value}") is { } escaped
        ? throw new OperatorException($"{variable}: {escaped} has bytes that are not UTF-8, which option values must be", ExitCodes.Usage)
        : value;

    // The first word is the application, unless --app has named it; a variable or a file is asked only where no word does.
    private MasterOptions FindApplication(MasterOptions options)
    {
        var positional = commandLine.Rest;
        if (commandLine["app"] is not null || options.Project is not null || positional.Count == 0) return options with { ApplicationArguments = positional };
        // A variable in a script that is not set; taken as a path it would be the current directory.
        if (positional[0].Length == 0) throw new OperatorException("the application's name is empty; give a file name", ExitCodes.Usage);
        if (OriginalBytes.Escaped(positional[0]) is { } escaped)
            throw new OperatorException($"the application's name '{escaped}' has bytes that are not UTF-8; give it a name in UTF-8", ExitCodes.Usage);
        _places["app"] = "command line";
        return options with { Application = positional[0], ApplicationArguments = [.. positional.Skip(1)] };
    }

    // What is inherited stays as it is; here it is only looked for, so that --check-config tells the truth.
    private MasterOptions FindInherited(MasterOptions options)
    {
        if (environment("PLACK_QUIET") is { Length: > 0 } and not "0" && !_places.ContainsKey("quiet")) options = Quiet(options);
        if (environment(DebugVariable) is { Length: > 0 } and not "0" && !_places.GetValueOrDefault("log-level", "").StartsWith("command", StringComparison.Ordinal)) options = Debug(options);
        if (options.EnvironmentName is not null) return options;
        if (EnvironmentVariables.FirstOrDefault(name => environment(name) is { Length: > 0 }) is { } set) _places["env"] = $"environment {set}";
        else if (_preset is not null) _places["env"] = $"preset {_preset.Name}";
        return options;
    }

    private MasterOptions Debug(MasterOptions options)
    {
        _places["log-level"] = $"environment {DebugVariable}";
        return options with { Observing = options.Observing with { LogLevel = ObservingChoices.Debug } };
    }

    private MasterOptions Quiet(MasterOptions options)
    {
        _places["quiet"] = "environment PLACK_QUIET";
        return options with { Quiet = true };
    }

    /// <summary>How a message names an option: by where it was set.</summary>
    private string Name(string option) => FindAll(OptionTable.Find(option)) is [.., var last] ? last.Name : $"--{option}";
}
