using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

/// <summary>In the order in which they take effect: everything is opened first, rights are given up last.</summary>
internal static class PrivilegeOptions
{
    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Switch("daemonize",
            "Go into the background. The command returns when the application serves, with exit code 0, or when it does not, with what went wrong. "
            + "Standard input is /dev/null, and so are the others without --error-log.",
            options => options.Daemonize, (options, isOn) => options with { Daemonize = isOn }).Alias("D"),
        Value("error-log", ValueKinds.OptionalText(ValueKinds.Text("FILE", "a file name")),
            "Append standard output and error, the master's and its workers', to that file; - leaves them where they are. The file is opened anew "
            + "by USR2, and by HUP: rename it, send the signal, and no line is lost.",
            options => options.ErrorLog, (options, path) => options with { ErrorLog = path == "-" ? null : path }),
        Value("chdir", ValueKinds.OptionalText(ValueKinds.Text("DIR", "a directory")),
            "The master changes to that directory, to keep no file system busy. Workers start in their content root all the same.",
            options => options.ChangeDirectory, (options, path) => options with { ChangeDirectory = path }),
        Value("user", ValueKinds.OptionalText(ValueKinds.Text("USER", "a user")),
            "Run as that user, a name or a number, once sockets, logs and the pid file are open; they are given to it. HOME is set.",
            options => options.User, (options, name) => options with { User = name }).DefaultIs("who starts it"),
        Value("group", ValueKinds.OptionalText(ValueKinds.Text("GROUP", "a group")),
            "Run with that group; of several, separated by commas or blanks, the first is the primary one.",
            options => options.Group, (options, names) => options with { Group = names }).DefaultIs("the groups of --user"),
        Switch("allow-setuid-children", "With --user or --group: what the application starts may gain rights by setuid (sudo, ping).",
            options => options.AllowSetuidChildren, (options, isOn) => options with { AllowSetuidChildren = isOn }),
        Value("umask", ValueKinds.Optional(ValueKinds.Octal("027")), "File mode creation mask of the workers, octal.",
            options => options.Umask, (options, mask) => options with { Umask = mask }).DefaultIs("as inherited"),
    ];
}
