using System.Text.Json;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;

namespace StarletNet.Master.Applications;

/// <summary>
/// What an application needs beside itself, looked for before a worker is started: the runtime's own complaint comes after each of several
/// attempts, in many lines. What cannot be known for certain from here is left to the runtime.
/// </summary>
internal static class Requirements
{
    private const string WindowsDesktop = "Microsoft.WindowsDesktop.App";

    /// <exception cref="OperatorException">It is for Windows.</exception>
    internal static void RefuseWindows(string path, RuntimeConfig config)
    {
        if (config.Frameworks.Contains(WindowsDesktop))
            throw Failure($"{path} needs the framework {WindowsDesktop}, which exists for Windows alone; build it without UseWPF and UseWindowsForms");
    }

    /// <param name="host">The dotnet command; the runtimes are beside it, links followed.</param>
    /// <exception cref="OperatorException">There is no version of a framework that the host would take.</exception>
    internal static void RefuseMissingRuntime(string path, RuntimeConfig config, string host, Func<string, string?> environment)
    {
        // The forms of before .NET Core 3.0; there are other rules for them.
        if (config.RollsForwardInOldManner || environment("DOTNET_ROLL_FORWARD_ON_NO_CANDIDATE_FX") is { Length: > 0 }) return;
        var root = Path.GetDirectoryName(RealPath.OrAsItIs(host))!;
        // A host that is a script, say, and has its runtimes elsewhere.
        if (!Directory.Exists(Path.Combine(root, "shared"))) return;
        var policy = environment("DOTNET_ROLL_FORWARD") is { Length: > 0 } given ? given : config.RollForward ?? "Minor";
        foreach (var (name, version) in config.Required)
        {
            if (Number(version) is not { } needed) continue;
            string[] installed = Directory.Exists(Path.Combine(root, "shared", name))
                ? [.. Directory.GetDirectories(Path.Combine(root, "shared", name)).Select(directory => Path.GetFileName(directory)!).Order(StringComparer.Ordinal)]
                : [];
            if (installed.Any(one => Number(one) is not { } there || Suits(needed, there, policy))) continue;
            throw Failure($"{path} needs {name} {version}, and {root} has {(installed.Length == 0 ? "no version of it" : $"only {string.Join(", ", installed)}")}; "
                + "install that runtime, or publish the application with --self-contained");
        }
    }

    /// <summary>Names as the host looks for them: in the application's directory, by file name.</summary>
    /// <param name="stem">The application's path without its ending.</param>
    /// <exception cref="OperatorException">A file that the application's deps.json names is not there.</exception>
    internal static void RefuseMissingFiles(string path, string stem, RuntimeConfig config, Func<string, string?> environment)
    {
        // With any of these the host looks in other places, too.
        if (config.ProbesElsewhere || HasProbingPaths(stem + ".runtimeconfig.dev.json")) return;
        if ((environment("DOTNET_ADDITIONAL_DEPS") ?? environment("DOTNET_SHARED_STORE")) is { Length: > 0 }) return;
        var list = stem + ".deps.json";
        if (Parse(list) is not { } dependencies) return;
        using (dependencies)
        {
            var directory = Path.GetDirectoryName(path)!;
            var missing = Assemblies(dependencies.RootElement).Where(file => !File.Exists(Path.Combine(directory, file))).Distinct().ToArray();
            if (missing.Length == 0) return;
            throw Failure($"{path} cannot start: {missing[0]}{(missing.Length > 1 ? $" (and {missing.Length - 1} more)" : "")}, which {Path.GetFileName(list)} names, is not in {directory}; publish it again, and copy all of it");
        }
    }

    private static IEnumerable<string> Assemblies(JsonElement root)
    {
        if (Member(Member(root, "runtimeTarget"), "name") is not { ValueKind: JsonValueKind.String } target) yield break;
        if (Member(Member(root, "targets"), target.GetString()!) is not { ValueKind: JsonValueKind.Object } libraries) yield break;
        foreach (var library in libraries.EnumerateObject())
        {
            if (Member(library.Value, "runtime") is not { ValueKind: JsonValueKind.Object } files) continue;
            foreach (var file in files.EnumerateObject())
            {
                // A placeholder: there is nothing for this platform, and nothing is needed.
                if (file.Name.EndsWith("/_._", StringComparison.Ordinal)) continue;
                yield return Member(file.Value, "localPath") is { ValueKind: JsonValueKind.String } local ? local.GetString()! : Path.GetFileName(file.Name);
            }
        }
    }

    private static bool HasProbingPaths(string path)
    {
        using var config = Parse(path);
        return config is not null && Member(Member(config.RootElement, "runtimeOptions"), "additionalProbingPaths") is not null;
    }

    /// <summary>Null: it is not there, or the host will say better what is wrong with it.</summary>
    private static JsonDocument? Parse(string path)
    {
        try
        {
            return File.Exists(path) ? JsonDocument.Parse(File.ReadAllBytes(path)) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static JsonElement? Member(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var member) ? member : null;

    // Pre-releases count as what they precede: rather one start too many than a refusal of what would run.
    private static Version? Number(string version) => Version.TryParse(version.Split('-', '+')[0], out var number) && number.Build >= 0 ? number : null;

    private static bool Suits(Version needed, Version there, string policy) => policy.ToLowerInvariant() switch
    {
        "disable" => there == needed,
        "latestpatch" => there.Major == needed.Major && there.Minor == needed.Minor && there >= needed,
        "minor" or "latestminor" => there.Major == needed.Major && there >= needed,
        "major" or "latestmajor" => there >= needed,
        // The host refuses such a word by itself.
        _ => true,
    };

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure) { IsLasting = true };
}
