using StarletNet.Shared.CommandLine;
using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

/// <summary>Where options come from, and what is asked for instead of serving.</summary>
internal static class ConfigurationOptions
{
    internal const string Preset = "preset", Config = "config", CheckConfig = "check-config", Explain = "explain", Try = "try", Completion = "completion";
    internal const string Help = "help", Man = "man", Version = "version";

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Value(Preset, new ValueKind<string?>("SERVER", Presets.NameOf, name => name) { Words = [.. Presets.All.Select(preset => preset.Name)] },
            "Take the defaults and the meanings of signals from Starlet, Starlight or Starman. Other options win over it. TERM to starman "
            + "cuts what is unfinished: a start_server above it must be told --signal-on-hup=QUIT and --signal-on-term=QUIT.",
            options => options.Preset, (options, name) => options with { Preset = name }).Alias("server", "s"),
        Command(Value(Config, ValueKinds.OptionalText(ValueKinds.Text("FILE", "a file name")),
            "Read options from a file, one to a line: name = value, or as on the command line; # begins a comment. The command line and the "
            + "environment win over it.", _ => null, (options, _) => options)),
        Command(Value(Completion, ValueKinds.OptionalText(ValueKinds.Word("SHELL", "a shell", ShellCompletion.Shells)),
            "Print the completion script for that shell: eval \"$(starletnet --completion bash)\".", _ => null, (options, _) => options)),
        Flag(CheckConfig, "Print every option with the value that holds and where it comes from, and do nothing else."),
        Flag(Explain, "Print what the application's files tell of it, without running it: what each worker would keep for itself, and how to run it. Do nothing else."),
        Flag(Try, "Start one worker of the application on a loopback port of its own, wait until it is ready (--ready-path), say what a deploy would say, and end: exit code 0, or 1 if it does not become ready. No running service is touched."),
        WithAll(Flag(Help, "Show the options that most people use; \"--help all\" shows all of them.", "h")),
        Flag(Man, "Print the manual page, for man(1)."),
        Flag(Version, "Show the version.", "v"),
    ];

    private static MasterOption Command(MasterOption option) => option with
    {
        IsCommand = true,
        Declared = option.Declared with { EnvironmentTwin = option.Name == Config ? Twin(Config) : null },
    };

    internal const string Everything = "all";

    private static MasterOption WithAll(MasterOption option) => option with { Declared = option.Declared with { ThirdPosition = Everything } };

    private static MasterOption Flag(string name, string help, params string[] aliases) => new(
        new Option(name, ValueForm.Switch, help) { Aliases = aliases }, (options, _) => options, _ => null)
    { IsCommand = true };
}
