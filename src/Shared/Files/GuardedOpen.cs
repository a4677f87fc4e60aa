using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>
/// open(2) by root for a service that is about to become another user, to whom the directory, or one above it, may belong: had that user put
/// a link there, root would write to whatever it leads to. So a link, at any place of the path, is followed only if it is root's own, as
/// /dev/stderr and /var/run are. The path is walked by descriptor: what is changed behind us has no effect.
/// </summary>
/// <remarks>
/// openat2(2) with RESOLVE_NO_SYMLINKS is too strict, and needs Linux 5.6. What this leaves open: a link of root's own in a directory of that user's, who
/// may exchange it between the look at its owner and the step over it.
/// </remarks>
internal static class GuardedOpen
{
    private const int Mode = 0x1b6; // 0666 less the umask

    /// <param name="path">Of the file.</param>
    /// <param name="flags">As of open(2).</param>
    /// <param name="guarded">False: links are followed as ever.</param>
    /// <param name="error">Why it cannot be opened: ELOOP for a link that is not followed.</param>
    /// <returns>The descriptor, or below 0.</returns>
    internal static int Open(string path, int flags, bool guarded, out Errno error)
    {
        if (guarded && path.Split('/', StringSplitOptions.RemoveEmptyEntries) is [.. var directories, var file])
            return Walk(path[0] == '/' ? ["/", .. directories] : directories, file, flags, out error);
        var number = LibC.open(path, flags, Mode);
        error = Errno.Last;
        return number;
    }

    private static int Walk(string[] directories, string file, int flags, out Errno error)
    {
        FileDescriptor? here = null;
        try
        {
            foreach (var name in directories)
            {
                var next = Step(here, name, LibC.O_PATH | LibC.O_CLOEXEC, out error);
                if (next < 0) return next;
                here?.Dispose();
                here = new FileDescriptor(next);
            }
            return Step(here, file, flags, out error);
        }
        finally
        {
            here?.Dispose();
        }
    }

    private static int Step(FileDescriptor? from, string name, int flags, out Errno error)
    {
        var directory = from?.Number ?? LibC.AT_FDCWD;
        var number = LibC.openat(directory, name, flags | LibC.O_NOFOLLOW, Mode);
        error = Errno.Last;
        // With O_PATH the link itself is opened.
        if (number >= 0 && FileIdentity.Of(number) is { IsLink: true })
        {
            _ = LibC.close(number);
            (number, error) = (-1, Errno.ELOOP);
        }
        if (number >= 0 || error != Errno.ELOOP || FileIdentity.OwnerOf(directory, name) != LibC.geteuid()) return number;
        number = LibC.openat(directory, name, flags, Mode);
        error = Errno.Last;
        return number;
    }

    /// <summary>The reason, for people.</summary>
    internal static string Why(Errno error) => error == Errno.ELOOP ? $"{error}; with --user and --group only root's own links are followed" : error.Text;
}
