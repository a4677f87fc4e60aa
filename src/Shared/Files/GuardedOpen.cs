using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>
/// open(2) by root for a service that is about to become another user, to whom the directory may belong: had that user put a link there,
/// root would write to whatever it leads to. So a link in the last place is followed only if it is root's own, as /dev/stderr is.
/// </summary>
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
        var number = LibC.open(path, guarded ? flags | LibC.O_NOFOLLOW : flags, Mode);
        error = Errno.Last;
        if (!guarded || number >= 0 || error != Errno.ELOOP || FileIdentity.OwnerOf(path) != LibC.geteuid()) return number;
        number = LibC.open(path, flags, Mode);
        error = Errno.Last;
        return number;
    }

    /// <summary>The reason, for people.</summary>
    internal static string Why(Errno error) => error == Errno.ELOOP ? $"{error}; with --user and --group only root's own links are followed" : error.Text;
}
