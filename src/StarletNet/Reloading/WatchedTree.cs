namespace StarletNet.Master.Reloading;

/// <summary>A directory that is watched.</summary>
/// <param name="Path">Its path.</param>
/// <param name="Name">Only the entry of that name matters, such as the link to the current release; null: everything, at any depth.</param>
/// <param name="IsSource">What a build writes is passed over.</param>
internal sealed record WatchedTree(string Path, string? Name = null, bool IsSource = false)
{
    /// <summary>For each link that a path leads through, the directory it is in.</summary>
    internal static IEnumerable<WatchedTree> LinksOf(string path)
    {
        for (var at = path.TrimEnd('/'); System.IO.Path.GetDirectoryName(at) is { } parent; at = parent)
            if (new FileInfo(at).LinkTarget is not null) yield return new WatchedTree(parent, System.IO.Path.GetFileName(at));
    }
}
