using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>
/// The current directory by the name that the shell knows it by. After <c>cd /srv/app/current</c>, a link, the kernel knows only the release
/// that it led to then; PWD still holds the link.
/// </summary>
internal static class LogicalDirectory
{
    /// <returns>Null where no link leads here, or none that we are told of (systemd sets no PWD).</returns>
    internal static string? Find(Func<string, string?> environment)
    {
        var logical = environment("PWD");
        // Anybody may set PWD, and nothing has to keep it right: it counts only while it leads where we are.
        if (logical is not { Length: > 0 } || !logical.StartsWith('/') || logical == RealPath.Of(".")) return null;
        return FileIdentity.Of(logical + "/.") is { } there && there == FileIdentity.Of(".") ? logical : null;
    }
}
