using StarletNet.Master.Options.Sections;
using StarletNet.Shared.CommandLine;

namespace StarletNet.Master.Options;

/// <summary>
/// Every option of starletnet, as data: the command line, the environment, the configuration file, <c>--help</c>,
/// <c>--check-config</c> and the shell's completion all read this table.
/// </summary>
internal static class OptionTable
{
    /// <summary>The heading, and the options under it, in the order of the help. Each list has a file of its own.</summary>
    private static readonly (string Heading, IReadOnlyList<MasterOption> Options)[] Sections =
    [
        ("Listening", ListeningOptions.All),
        ("TLS", TlsOptions.All),
        ("Connections and requests", HttpOptions.All),
        ("Workers", WorkerOptions.All),
        ("Replacing workers", ReplacementOptions.All),
        ("Stopping", StoppingOptions.All),
        ("Application and process", ProcessOptions.All),
        ("Releases", ReleaseOptions.All),
        ("Daemon and privileges", PrivilegeOptions.All),
        ("Observing", ObservingOptions.All),
        ("Configuration and help", ConfigurationOptions.All),
    ];

    private const string Compatibility = HelpText.Compatibility + " with plackup, Starlet, Starlight and Starman";

    /// <summary>Options that command lines of the Perl servers have, and that say nothing which another option does not say.</summary>
    private static readonly string[] Compatible = ["preset", "loader", "preload-app", "main-process-delay", "min-reqs-per-child", "disable-keepalive"];

    internal static readonly IReadOnlyList<MasterOption> Entries =
        [.. Sections.SelectMany(section => section.Options.Select(option => option.In(Compatible.Contains(option.Name) ? Compatibility : section.Heading)))];

    /// <summary>For the parser: also those that are known and refused.</summary>
    internal static readonly IReadOnlyList<Option> All = [.. Entries.Select(entry => entry.Declared), .. RefusedOptions.All, .. ForeignOptions.All];

    internal static MasterOption Find(string name) => Entries.First(entry => entry.Name == name);
}
