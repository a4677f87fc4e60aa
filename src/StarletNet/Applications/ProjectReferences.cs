namespace StarletNet.Master.Applications;

/// <summary>
/// The projects that a project is built from, as far as their files name them: by <c>ProjectReference</c>, one from the other. For the watch of
/// <c>--reload</c>, so the text will do: a name that is made by conditions, properties or wildcards is for MSBuild alone to know, and one in a comment does no harm.
/// </summary>
internal static class ProjectReferences
{
    private const string Element = "<ProjectReference";

    /// <param name="project">A project file.</param>
    /// <returns>Directories of other projects, each once.</returns>
    internal static IReadOnlyList<string> DirectoriesOf(string project)
    {
        var known = new HashSet<string>(StringComparer.Ordinal) { project };
        var waiting = new Queue<string>(known);
        while (waiting.TryDequeue(out var next))
            foreach (var named in NamedIn(next))
                if (known.Add(named)) waiting.Enqueue(named);
        var own = Path.GetDirectoryName(project);
        return [.. known.Select(path => Path.GetDirectoryName(path)!).Where(directory => directory != own && Directory.Exists(directory)).Distinct()];
    }

    private static List<string> NamedIn(string project)
    {
        var found = new List<string>();
        var text = Read(project);
        for (var at = 0; (at = text.IndexOf(Element, at, StringComparison.Ordinal)) >= 0;)
        {
            at += Element.Length;
            var end = text.IndexOf('>', at);
            if (end < 0) break;
            foreach (var name in Include(text[at..end]).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                if (!name.AsSpan().ContainsAny("$*?")) found.Add(Path.GetFullPath(name.Replace('\\', '/'), Path.GetDirectoryName(project)!));
        }
        return found;
    }

    // Of ' Include="../Lib/Lib.csproj" Private="false" /'.
    private static string Include(string attributes)
    {
        var name = attributes.IndexOf("Include", StringComparison.Ordinal);
        var open = name < 0 ? -1 : attributes.AsSpan(name).IndexOfAny('"', '\'') is >= 0 and var quote ? name + quote : -1;
        var close = open < 0 ? -1 : attributes.IndexOf(attributes[open], open + 1);
        return close < 0 ? "" : attributes[(open + 1)..close].Replace("&amp;", "&", StringComparison.Ordinal);
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The build will say so.
            return "";
        }
    }
}
