using System.Globalization;

namespace StarletNet.Shared.Interop;

/// <summary>Standard output and error of a running .NET program, wherever it keeps them.</summary>
internal static class StandardOutputs
{
    private const int AccessMode = 3;

    /// <summary>
    /// From now on stdout and stderr lead to that file. Not only 1 and 2 do: .NET's console, and with it nearly all that an application
    /// says, writes to duplicates of them. So every descriptor that leads, for writing, to what 1 or 2 is now gets the new meaning.
    /// </summary>
    /// <remarks>
    /// A duplicate that is closed, and its number used anew, between the look and the change would be hit by mistake. .NET never closes its
    /// console's.
    /// </remarks>
    internal static void Redirect(int fresh)
    {
        FileIdentity?[] old = [FileIdentity.Of(1), FileIdentity.Of(2)];
        foreach (var entry in Directory.GetFiles("/proc/self/fd"))
        {
            var fd = int.Parse(Path.GetFileName(entry), CultureInfo.InvariantCulture);
            if (fd is 1 or 2 || fd == fresh || !Leads(fd, old)) continue;
            var isCloseOnExec = (LibC.fcntl(fd, LibC.F_GETFD, 0) & LibC.FD_CLOEXEC) != 0;
            _ = LibC.dup3(fresh, fd, isCloseOnExec ? LibC.O_CLOEXEC : 0);
        }
        _ = LibC.dup2(fresh, 1);
        _ = LibC.dup2(fresh, 2);
    }

    private static bool Leads(int fd, FileIdentity?[] files) =>
        FileIdentity.Of(fd) is { } identity && files.Contains(identity) && (LibC.fcntl(fd, LibC.F_GETFL, 0) & AccessMode) != LibC.O_RDONLY;
}
