using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Reloading;

/// <summary>Tells of changes below some directories, by inotify(7), which watches each directory by itself.</summary>
internal sealed unsafe class DirectoryWatch : IDisposable
{
    private static readonly uint Changes = LibC.IN_CLOSE_WRITE | LibC.IN_CREATE | LibC.IN_DELETE | LibC.IN_MOVED_FROM | LibC.IN_MOVED_TO | LibC.IN_ONLYDIR;
    private const int HeaderSize = 16, BufferSize = 64 * 1024;

    // No release has so many; somebody watches a home directory by mistake.
    private const int MostDirectories = 8192;

    private readonly Dictionary<int, WatchedTree> _directories = [];

    private DirectoryWatch(FileDescriptor descriptor) => Descriptor = descriptor;

    internal FileDescriptor Descriptor { get; }

    /// <summary>What could not be watched, and why; null if everything could.</summary>
    internal string? Failure { get; private set; }

    internal static DirectoryWatch Open(IEnumerable<WatchedTree> trees)
    {
        var number = LibC.inotify_init1(LibC.IN_CLOEXEC | LibC.IN_NONBLOCK);
        if (number < 0) throw SystemCallException.Of("inotify_init1");
        var watch = new DirectoryWatch(new FileDescriptor(number));
        foreach (var tree in trees) watch.Add(tree);
        return watch;
    }

    /// <summary>Takes what has been reported.</summary>
    /// <returns>The first path that matters; null if none does.</returns>
    internal string? Read()
    {
        string? changed = null;
        var buffer = stackalloc byte[BufferSize];
        ssize_t length;
        while ((length = LibC.read(Descriptor.Number, buffer, BufferSize)) > 0)
            for (nint at = 0; at < length;)
            {
                var (watch, mask, nameLength) = (*(int*)(buffer + at), *(uint*)(buffer + at + 4), *(int*)(buffer + at + 12));
                var name = Encoding.UTF8.GetString(buffer + at + HeaderSize, nameLength).TrimEnd('\0');
                at += HeaderSize + nameLength;
                if (Hear(watch, mask, name) is { } path) changed ??= path;
            }
        return changed;
    }

    private string? Hear(int watch, uint mask, string name)
    {
        // More than the kernel could keep: something has certainly changed.
        if ((mask & LibC.IN_Q_OVERFLOW) != 0) return "many files";
        if (name.Length == 0 || !_directories.TryGetValue(watch, out var tree)) return null;
        var path = Path.Combine(tree.Path, name);
        if (tree.Name is { } only) return name == only ? path : null;
        var isDirectory = (mask & LibC.IN_ISDIR) != 0;
        if (!(isDirectory ? ChangeFilter.IsWatched(name, tree.IsSource) : ChangeFilter.Matters(name))) return null;
        // What was put into a new directory before it is watched is in time for the restart that it leads to by itself.
        if (isDirectory && (mask & (LibC.IN_CREATE | LibC.IN_MOVED_TO)) != 0) Add(tree with { Path = path });
        return path;
    }

    private void Add(WatchedTree tree)
    {
        if (_directories.Count >= MostDirectories)
        {
            Failure ??= $"there are more than {MostDirectories} directories; name those that matter with --reload-dirs";
            return;
        }
        var watch = LibC.inotify_add_watch(Descriptor.Number, tree.Path, Changes);
        if (watch < 0)
        {
            // Gone again, or no directory, or not ours to read: nothing to be told of there.
            if (Errno.Last == Errno.ENOSPC) Failure ??= $"{tree.Path}: the system has no inotify watches left (fs.inotify.max_user_watches)";
            return;
        }
        // One that is watched for everything is not to be watched for less.
        if (_directories.TryGetValue(watch, out var known) && known.Name is null) return;
        _directories[watch] = tree;
        if (tree.Name is not null) return;
        foreach (var below in Below(tree.Path))
            if (ChangeFilter.IsWatched(Path.GetFileName(below), tree.IsSource)) Add(tree with { Path = below });
    }

    private static string[] Below(string path)
    {
        try
        {
            return [.. new DirectoryInfo(path).EnumerateDirectories().Where(directory => directory.LinkTarget is null).Select(directory => directory.FullName)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // As above.
            return [];
        }
    }

    public void Dispose() => Descriptor.Dispose();
}
