using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Output;

/// <summary>
/// The file of <c>--error-log</c>: standard output and error, the master's and its workers', are appended there. It is opened anew at each
/// restart and at USR2, and workers are handed the new one: a file that was renamed loses no line.
/// </summary>
internal sealed class ErrorLog
{
    private const string Nowhere = "/dev/null";

    private readonly string _path;
    private FileDescriptor _file;

    private ErrorLog(string path, FileDescriptor file) => (_path, _file) = (path, file);

    /// <param name="path">Of the file.</param>
    /// <param name="guarded">See <see cref="GuardedOpen"/>.</param>
    /// <exception cref="OperatorException">It cannot be written.</exception>
    internal static ErrorLog Open(string path, bool guarded)
    {
        // A restart, and a change of directory, must find the same file again.
        var full = Path.GetFullPath(path);
        return AppendedFile.TryOpen(full, out var error, guarded) is { } file
            ? new ErrorLog(full, file)
            : throw new OperatorException($"cannot write the error log {path}: {GuardedOpen.Why(error)}", ExitCodes.Failure);
    }

    /// <summary>For a daemon without a log: nobody reads what it says.</summary>
    internal static ErrorLog None() => Open(Nowhere, guarded: false);

    internal string? FileName => _path == Nowhere ? null : _path;

    internal int Descriptor => _file.Number;

    internal FileDescriptor File => _file;

    /// <summary>From now on stdout and stderr go there.</summary>
    internal void Redirect()
    {
        if (LibC.dup2(_file.Number, 1) < 0 || LibC.dup2(_file.Number, 2) < 0) throw SystemCallException.Of("dup2");
    }

    /// <returns>Why not, in which case all goes on as before; null if it was done.</returns>
    internal string? Reopen()
    {
        if (AppendedFile.TryOpen(_path, out var error) is not { } fresh) return $"{_path}: {error}";
        using var old = _file;
        _file = fresh;
        Redirect();
        return null;
    }
}
