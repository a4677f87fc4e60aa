using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

internal static class ProcessOptions
{
    private static readonly ValueKind<string> FileName = ValueKinds.Text("FILE", "a file name");

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Value("app", ValueKinds.OptionalText(FileName),
            "The application: app.dll, its executable, or the directory it was published to. The same as the first argument.",
            options => options.Application, (options, path) => options with { Application = path }).Alias("a")
            .DefaultIs("app.dll in the current directory"),
        Value("env", ValueKinds.OptionalText(ValueKinds.Text("NAME", "a name such as production")),
            "Environment of the application: production, development, staging or any other name; deployment means production.",
            options => options.EnvironmentName, (options, name) => options with { EnvironmentName = name }).Alias("E")
            .DefaultIs("as inherited, else production"),
        Value("pid", ValueKinds.OptionalText(FileName), "Write the master's pid there, locked while it runs.",
            options => options.PidFile, (options, path) => options with { PidFile = path }).Alias("pid-file"),
        Switch("quiet", "Do not announce the start. Warnings and errors are printed all the same; PLACK_QUIET does the same.",
            options => options.Quiet, (options, quiet) => options with { Quiet = quiet }).Alias("q"),
    ];
}
