using System.Text.Json;

namespace StarletNet.Master.Explaining;

/// <summary>What an application is made of, as its <c>*.deps.json</c> says.</summary>
/// <param name="Assemblies">Files of the application's own projects.</param>
/// <param name="Packages">Names of the packages it carries.</param>
internal sealed record Dependencies(IReadOnlyList<string> Assemblies, IReadOnlyList<string> Packages)
{
    /// <param name="application">The application's assembly; also what is looked at where there is no such file.</param>
    internal static Dependencies Of(string application)
    {
        var directory = Path.GetDirectoryName(application)!;
        var assemblies = new HashSet<string>(StringComparer.Ordinal) { application };
        var packages = new List<string>();
        foreach (var (name, type) in Libraries(Path.ChangeExtension(application, ".deps.json")))
        {
            if (type == "package") packages.Add(name);
            else if (type == "project") assemblies.Add(Path.Combine(directory, name + ".dll"));
        }
        return new Dependencies([.. assemblies.Where(File.Exists)], packages);
    }

    private static IEnumerable<(string Name, string? Type)> Libraries(string path)
    {
        if (JsonFile.Read(path) is not { } root || !root.TryGetProperty("libraries", out var libraries)) return [];
        // "Name/1.2.3": {"type": "package", …}
        return [.. libraries.EnumerateObject().Select(library =>
            (library.Name.Split('/')[0], library.Value.TryGetProperty("type", out var type) ? type.GetString() : null))];
    }
}
