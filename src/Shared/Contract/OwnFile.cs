using System.Globalization;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Contract;

/// <summary>A file that is to be removed by whoever ends last, as it travels in <see cref="EnvironmentNames.Files"/>: its path may have become another's by then.</summary>
internal sealed record OwnFile(string Path, FileIdentity Identity)
{
    /// <param name="path">As it is known; what it leads to is meant, not a link there.</param>
    /// <returns>Null: there is no such file.</returns>
    internal static OwnFile? At(string path)
    {
        var target = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? System.IO.Path.GetFullPath(path);
        return FileIdentity.Of(target) is { } identity ? new OwnFile(target, identity) : null;
    }

    internal void Remove()
    {
        if (FileIdentity.Of(Path) == Identity && (Identity.IsSocket || HoldsOurPid())) _ = LibC.unlink(Path);
    }

    // What is no socket is a pid file, of this process since before it became the application.
    private bool HoldsOurPid()
    {
        using var file = new FileDescriptor(LibC.open(Path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0));
        return !file.IsInvalid && PidText.IsIn(file.Number, Environment.ProcessId);
    }

    /// <summary><c>major:minor:inode:kind:path</c>, the path escaped as in a URL; joined by <c>&amp;</c>.</summary>
    internal static string Format(IEnumerable<OwnFile> files) => string.Join('&', files.Select(file => string.Create(CultureInfo.InvariantCulture,
        $"{file.Identity.DeviceMajor}:{file.Identity.DeviceMinor}:{file.Identity.Inode}:{file.Identity.Kind}:{Uri.EscapeDataString(file.Path)}")));

    /// <exception cref="FormatException">Not of that form.</exception>
    internal static IReadOnlyList<OwnFile> Parse(string text) => [.. text.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(entry =>
    {
        var parts = entry.Split(':');
        if (parts.Length == 5 && uint.TryParse(parts[0], out var major) && uint.TryParse(parts[1], out var minor)
            && ulong.TryParse(parts[2], out var inode) && int.TryParse(parts[3], out var kind))
            return new OwnFile(Uri.UnescapeDataString(parts[4]), new FileIdentity(major, minor, inode, kind));
        throw new FormatException($"'{entry}' is no file");
    })];
}
