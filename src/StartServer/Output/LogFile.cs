using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StartServer.Output;

/// <summary><c>--log-file</c>: opened first, so that a wrong path stops the start; switched to only when all sockets are bound.</summary>
internal sealed class LogFile : IDisposable
{
    private readonly FileDescriptor _file;

    private LogFile(FileDescriptor file) => _file = file;

    /// <summary>For appending; created with mode 0666 less the umask.</summary>
    /// <exception cref="OperatorException">It cannot be opened.</exception>
    internal static LogFile Open(string path)
    {
        // Non-blocking for the open alone: a FIFO that nobody reads is an error (ENXIO), not a start that hangs.
        var number = LibC.open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0x1b6 /* 0666 */);
        if (number < 0) throw new OperatorException($"failed to open log file:{path}: {Errno.Last}", ExitCodes.Failure);
        FileDescriptor.SetNonBlocking(number, false);
        return new LogFile(new FileDescriptor(number));
    }

    /// <summary>Makes it stdout and stderr, ours and that of every child from now on.</summary>
    internal void Redirect()
    {
        // dup2 leaves the copies open across exec.
        if (LibC.dup2(_file.Number, 1) < 0 || LibC.dup2(_file.Number, 2) < 0) throw SystemCallException.Of("dup2");
    }

    public void Dispose() => _file.Dispose();
}
