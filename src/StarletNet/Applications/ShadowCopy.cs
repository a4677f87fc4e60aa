using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>
/// One release's files in a directory of our own, from which the workers of one generation run: what happens to the original no longer
/// concerns them. Only its owner may enter it, and nobody may write: what an application stored there would be lost with it.
/// </summary>
/// <remarks>
/// The directory is locked (flock(2)) through <see cref="Lock"/>, which every worker inherits: so the lock is there for exactly as long as
/// anybody runs from it, even if the master was killed, and <see cref="ShadowPlace.Sweep"/> of a later master can tell.
/// </remarks>
internal sealed class ShadowCopy : IDisposable
{
    private const UnixFileMode OwnerReads = UnixFileMode.UserRead | UnixFileMode.UserExecute;

    internal ShadowCopy(string source, string directory, FileDescriptor @lock) => (Source, Directory, Lock) = (source, directory, @lock);

    /// <summary>What was copied, every link resolved.</summary>
    internal string Source { get; }

    internal string Directory { get; }

    internal FileDescriptor Lock { get; }

    /// <summary>Where a path below <see cref="Source"/> is here; null for any other.</summary>
    internal string? Of(string path) =>
        path == Source ? Directory : path.StartsWith(Source + "/", StringComparison.Ordinal) ? Directory + path[Source.Length..] : null;

    /// <param name="linked">Names in the source that are not copied but linked to: where the application writes.</param>
    /// <param name="stop">Looked at between two files.</param>
    /// <exception cref="IOException">A file cannot be read, or the copy not be written.</exception>
    internal void Fill(IReadOnlyList<string> linked, CancellationToken stop)
    {
        foreach (var name in linked)
        {
            var link = Path.Combine(Directory, name);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            File.CreateSymbolicLink(link, Path.Combine(Source, name));
        }
        Copy(new DirectoryInfo(Source), Directory, [.. linked.Select(name => Path.Combine(Source, name))], stop);
    }

    private void Copy(DirectoryInfo from, string to, HashSet<string> linked, CancellationToken stop)
    {
        foreach (var entry in from.EnumerateFileSystemInfos("*", ShadowPlace.Everything))
        {
            stop.ThrowIfCancellationRequested();
            var target = Path.Combine(to, entry.Name);
            if (linked.Contains(entry.FullName)) continue;
            if (entry.LinkTarget is { } link) File.CreateSymbolicLink(target, Relocated(link, from.FullName));
            else if (entry is DirectoryInfo directory)
            {
                System.IO.Directory.CreateDirectory(target);
                Copy(directory, target, linked, stop);
            }
            // Of anything else, a socket or a pipe, a copy would be no use; opening it might even wait for somebody.
            else if (FileIdentity.Of(entry.FullName) is { IsRegular: true }) CopyFile(entry.FullName, target);
        }
        File.SetUnixFileMode(to, OwnerReads);
    }

    // By reference to the same blocks where the file system can (FICLONE, in .NET's own copy). A hard link would be no copy at all:
    // a file that is overwritten in place has changed under all its names.
    private static void CopyFile(string from, string to)
    {
        File.Copy(from, to);
        File.SetUnixFileMode(to, File.GetUnixFileMode(to) & OwnerReads | UnixFileMode.UserRead);
    }

    private string Relocated(string link, string directory)
    {
        var target = Path.GetFullPath(link, directory);
        return Of(target) ?? target;
    }

    /// <summary>Removes the files, and then unlocks.</summary>
    public void Dispose()
    {
        ShadowPlace.Remove(Directory);
        Lock.Dispose();
    }
}
