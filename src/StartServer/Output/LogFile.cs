using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StartServer.Output;

/// <summary><c>--log-file FILE</c>: opened first, so that a wrong path stops the start; switched to only when all sockets are bound.</summary>
/// <remarks>
/// Generations write to the open file itself, with nobody in between, and nothing can exchange the descriptor of a process that
/// runs: after a rotation those that are running write on to the old file, and those started later to the new one.
/// </remarks>
internal sealed class LogFile : ILog
{
    private readonly string _path;
    private FileDescriptor _file;

    private LogFile(string path, FileDescriptor file)
    {
        _path = path;
        _file = file;
    }

    /// <exception cref="OperatorException">It cannot be opened.</exception>
    internal static LogFile Open(string path) =>
        AppendedFile.TryOpen(path, out var error) is { } file ? new LogFile(path, file) : throw new OperatorException(Messages.LogFileFailed(path, error), ExitCodes.Failure);

    /// <summary>After an exec: what is stdout by then is the file, also when its name is another's by now.</summary>
    internal static LogFile Adopt(string path) => new(path, FileDescriptor.Duplicate(1, 3));

    public void Redirect()
    {
        // dup2 leaves the copies open across exec.
        if (LibC.dup2(_file.Number, 1) < 0 || LibC.dup2(_file.Number, 2) < 0) throw SystemCallException.Of("dup2");
    }

    public void Reopen()
    {
        if (AppendedFile.TryOpen(_path, out var error) is not { } fresh)
        {
            StandardError.WriteLine(Messages.LogFileStays(_path, error));
            return;
        }
        _file.Dispose();
        _file = fresh;
        Redirect();
        StandardError.WriteLine(Messages.LogFileReopened(_path));
    }

    public bool Takes(Event happened) => false;

    public void Finish(TimeSpan stopTimeout) { }

    public void Dispose() => _file.Dispose();
}
