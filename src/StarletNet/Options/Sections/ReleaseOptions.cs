using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

/// <summary>How the application's files may change while it runs.</summary>
internal static class ReleaseOptions
{
    private static readonly ValueKind<IReadOnlyList<string>> Names = new("NAMES", ReadNames, names => names.Count > 0 ? string.Join(',', names) : null);

    private static MasterOption ShadowCopy()
    {
        var option = Switch("shadow-copy",
            "Run each generation from a copy of the directory that the application is in, made at the start and at each HUP: then files may be "
            + "overwritten in place while it runs. Workers that would start in that directory start in the copy, and find appsettings.json and "
            + "wwwroot there. Nobody may write in a copy; it goes with its last worker, with --max-workers 0 at the next start.",
            options => options.RunsCopies, (options, isOn) => options with { ShadowCopy = isOn });
        return option.DefaultIs("off, on with --reload and --project");
    }

    private static MasterOption Reload()
    {
        const string help = "Watch the directory of the application, and half a second after the last change of a file restart the workers as HUP does. "
            + "What editors and version control leave there, logs and databases do not count. Off under start_server, unless it is --reload=force.";
        var option = Switch("reload", help, options => options.Reloads, (options, on) => options with { Reload = on ? ReloadMode.On : ReloadMode.Off });
        return (option with
        {
            Declared = option.Declared with { ThirdPosition = Force },
            Read = (options, text) => text == Force ? options with { Reload = ReloadMode.Force } : option.Read(options, text),
            Show = options => options.Reload == ReloadMode.Force ? Force : option.Show(options),
        }).Alias("r");
    }

    private const string Force = "force";

    private static readonly ValueKind<IReadOnlyList<string>> Directories = new("DIRS",
        text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } paths
            ? paths
            : throw new FormatException("is empty; give directories, separated by commas"),
        paths => paths.Count > 0 ? string.Join(',', paths) : null);

    private static MasterOption ReloadDirectories()
    {
        var option = Value("reload-dirs", Directories, "Watch these directories instead, separated by commas; --reload goes without saying.",
            options => options.ReloadDirectories, (options, paths) => options with { ReloadDirectories = [.. options.ReloadDirectories, .. paths] })
            .Alias("Reload", "R").DefaultIs("where the application is");
        return option with { Declared = option.Declared with { Repeatable = true } };
    }

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        ShadowCopy(),
        Value("shadow-dir", ValueKinds.OptionalText(ValueKinds.Text("DIR", "a directory")),
            "Where the copies are made; what a master that was killed has left there is removed at the next start.",
            options => options.ShadowDirectory, (options, path) => options with { ShadowDirectory = path })
            .DefaultIs("XDG_RUNTIME_DIR if it is ours, else TMPDIR, else /tmp"),
        Value("shadow-link", Names,
            "Files and directories that are not copied but linked to, separated by commas: where the application writes (data,app.db).",
            options => options.ShadowLinks, (options, names) => options with { ShadowLinks = names }),
        Reload(),
        ReloadDirectories(),
    ];

    private static string[] ReadNames(string text)
    {
        var names = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(name => name.TrimEnd('/')).ToArray();
        if (names.Length == 0) throw new FormatException("is empty; give names in the application's directory");
        return names.FirstOrDefault(name => name.StartsWith('/') || name.Split('/').Any(part => part is "" or "." or "..")) is { } wrong
            ? throw new FormatException($"'{wrong}' is not a name in the application's directory; write data or data/app.db")
            : names;
    }
}
