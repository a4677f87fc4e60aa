using System.Globalization;
using StarletNet.Shared.Interop;

namespace StartServer.Generations;

/// <summary>
/// Whether two generations run the very same files: a mark made of name, inode, size and time of the code and settings in the release's
/// directory. Cheap, and wrong in one direction only: files that were touched and not changed count as others.
/// </summary>
internal static class ReleaseFiles
{
    /// <summary>A release has a few hundred. The path is another process's word, and may lead to a directory of any size.</summary>
    private const int MostFiles = 2000;

    private static readonly string[] Kinds = [".dll", ".json", ".so", ".exe"];

    /// <param name="path">Of the application's main file.</param>
    /// <returns>Empty if nothing can be said.</returns>
    internal static string Mark(string path)
    {
        try
        {
            if (Path.GetDirectoryName(path) is not { } directory || !File.Exists(path)) return "";
            var mark = new HashCode64();
            mark.Add(FileMark.Of(path));
            foreach (var file in Directory.EnumerateFiles(directory).Take(MostFiles).Where(file => Kinds.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal))
                mark.Add(FileMark.Of(file));
            return mark.ToString();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What cannot be looked at is not known to be the same.
            return "";
        }
    }

    /// <summary>The same for single files: a program, and what its command line names.</summary>
    internal static string Mark(IEnumerable<string> paths)
    {
        var mark = new HashCode64();
        foreach (var path in paths) mark.Add(FileMark.Of(path));
        return mark.ToString();
    }

    /// <summary>FNV-1a: the same in every process, which an upgrade needs and System.HashCode is not.</summary>
    private struct HashCode64()
    {
        private ulong _hash = 14695981039346656037;

        internal void Add(string text)
        {
            foreach (var letter in text) _hash = (_hash ^ letter) * 1099511628211;
            _hash = (_hash ^ 0xffff) * 1099511628211;
        }

        public override readonly string ToString() => _hash.ToString("x16", CultureInfo.InvariantCulture);
    }

    private static class FileMark
    {
        internal static string Of(string path)
        {
            var file = new FileInfo(path);
            return string.Create(CultureInfo.InvariantCulture, $"{path}:{FileIdentity.OfTarget(path)?.Inode}:{(file.Exists ? file.Length : -1)}:{file.LastWriteTimeUtc.Ticks}");
        }
    }
}
