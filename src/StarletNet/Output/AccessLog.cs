using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Output;

/// <summary>
/// The file of <c>--access-log</c>: opened by the master, which may have the rights, for appending, and written by the workers. The number of the
/// descriptor stays the same for good, since workers know it by that; what it means changes when the file is opened anew.
/// </summary>
internal sealed class AccessLog
{
    /// <summary>Standard output.</summary>
    internal const string Standard = "-";

    private readonly string? _path;
    private readonly FileDescriptor? _file;

    private AccessLog(string? path, FileDescriptor? file) => (_path, _file) = (path, file);

    /// <param name="path">Of the file.</param>
    /// <param name="guarded">See <see cref="GuardedOpen"/>.</param>
    /// <exception cref="OperatorException">It cannot be written.</exception>
    internal static AccessLog Open(string path, bool guarded)
    {
        if (path == Standard) return new AccessLog(null, null);
        var full = Path.GetFullPath(path);
        return AppendedFile.TryOpen(full, out var error, guarded) is { } file
            ? new AccessLog(full, file)
            : throw new OperatorException($"cannot write the access log {path}: {GuardedOpen.Why(error)}", ExitCodes.Failure);
    }

    /// <summary>Null: standard output, which is not ours to open anew.</summary>
    internal string? FileName => _path;

    internal int Descriptor => _file?.Number ?? 1;

    /// <summary>Null: standard output.</summary>
    internal FileDescriptor? File => _file;

    /// <returns>Why not, in which case all goes on as before; null if it was done.</returns>
    internal string? Reopen()
    {
        if (_path is null) return null;
        using var fresh = AppendedFile.TryOpen(_path, out var error);
        if (fresh is null) return $"{_path}: {error}";
        return LibC.dup3(fresh.Number, Descriptor, LibC.O_CLOEXEC) < 0 ? $"{_path}: {Errno.Last}" : null;
    }
}
