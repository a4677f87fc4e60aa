using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

internal static class ProcessOptions
{
    private static readonly ValueKind<string> FileName = ValueKinds.Text("FILE", "a file name");

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Value("app", ValueKinds.OptionalText(FileName),
            "The application: app.dll, its executable, the directory it was published to, or app.cs, which is built first. The same as the first argument.",
            options => options.Application, (options, path) => options with { Application = path }).Alias("a")
            .DefaultIs("app.dll in the current directory"),
        Value("project", ValueKinds.OptionalText(ValueKinds.Text("DIR", "a project's directory")),
            "Build that project (dotnet build) and serve it, in its directory, as development unless --env says otherwise; all arguments are the application's. "
            + "Built again at each HUP and, with --reload, when its sources change; a build that fails is shown, and the running workers go on.",
            options => options.Project, (options, path) => options with { Project = path }),
        Value("content-root", ValueKinds.OptionalText(ValueKinds.Text("DIR", "a directory")),
            "Start workers in that directory, where ASP.NET Core looks for appsettings.json and wwwroot. Without it ASPNETCORE_CONTENTROOT and DOTNET_CONTENTROOT count.",
            options => options.ContentRoot, (options, path) => options with { ContentRoot = path }).DefaultIs("the application's own directory"),
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
