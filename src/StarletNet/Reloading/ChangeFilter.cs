namespace StarletNet.Master.Reloading;

/// <summary>Which changes under a watched directory are worth a restart: not what editors, version control and the application itself leave there.</summary>
internal static class ChangeFilter
{
    private static readonly string[] PassedOver = [".git", ".hg", ".svn", ".vs", ".vscode", ".idea", "node_modules"];

    /// <summary>Of a project: what the build itself writes.</summary>
    private static readonly string[] Built = ["bin", "obj"];

    // What editors write beside a file (vim tries whether it may by a file 4913), and logs and databases that the application keeps.
    private static readonly string[] Endings =
        ["~", ".bak", ".swp", ".swo", ".swx", ".swpx", ".tmp", ".log", ".db", ".db-wal", ".db-shm", ".db-journal", ".sqlite", ".sqlite-wal", ".sqlite-shm", ".sqlite-journal"];

    /// <param name="name">Of the file or directory that has changed, without its path.</param>
    internal static bool Matters(string name) =>
        !name.StartsWith(".#", StringComparison.Ordinal) && !(name.StartsWith('#') && name.EndsWith('#')) && name != "4913"
        && !Endings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) && !PassedOver.Contains(name);

    /// <summary>Whether changes in that directory matter at all.</summary>
    /// <param name="name">Of a directory below a watched one, without its path.</param>
    /// <param name="isSource">Below a project's directory.</param>
    internal static bool IsWatched(string name, bool isSource) => Matters(name) && !(isSource && Built.Contains(name));
}
