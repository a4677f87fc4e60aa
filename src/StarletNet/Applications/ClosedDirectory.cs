using StarletNet.Master.Privileges;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Applications;

/// <summary>A directory that the user of this process may not enter.</summary>
internal sealed record ClosedDirectory(string Path)
{
    /// <summary>The kernel's own limit (path_resolution(7)).</summary>
    private const int MostLinks = 40;

    /// <summary>For an error message; names the user and what to do.</summary>
    internal string Reason
    {
        get
        {
            var number = LibC.geteuid();
            var user = Account.Find($"{number}")?.Name ?? $"{number}";
            return $"user {user} may not enter {Path}; allow it (chmod o+x {Path}), or use a directory that it may enter";
        }
    }

    /// <returns>The first directory on the way to the path that cannot be entered; null if that is not what is in the way.</returns>
    /// <param name="path">Absolute.</param>
    internal static ClosedDirectory? OnTheWayTo(string path) => OnTheWayTo(path, MostLinks);

    private static ClosedDirectory? OnTheWayTo(string path, int links)
    {
        for (var end = path.IndexOf('/', 1); ; end = path.IndexOf('/', end + 1))
        {
            var part = end < 0 ? path : path[..end];
            // access(2) follows links; where one leads into a closed directory, that directory is the one to name.
            if (part.Length > 1 && LibC.access(part, LibC.X_OK) < 0 && Errno.Last == Errno.EACCES)
            {
                if (links > 0 && TargetOf(part) is { } target) return OnTheWayTo(target, links - 1);
                return end < 0 && !Directory.Exists(part) ? null : new ClosedDirectory(part);
            }
            if (end < 0) return null;
        }
    }

    private static string? TargetOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget is { } target ? System.IO.Path.GetFullPath(target, System.IO.Path.GetDirectoryName(path)!) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
