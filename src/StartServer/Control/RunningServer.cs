using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StartServer.Control;

/// <summary>
/// The start_server that a pid file names. The lock says that it is there, the number says who it is: a number in a file that
/// nobody has locked may be a stranger's by now, and is never sent anything.
/// </summary>
internal sealed class RunningServer : IDisposable
{
    private readonly FileDescriptor _file;
    private readonly string _path;

    private RunningServer(FileDescriptor file, string path, int pid)
    {
        _file = file;
        _path = path;
        Pid = pid;
    }

    internal int Pid { get; }

    /// <exception cref="OperatorException">No file, no pid in it, or nobody who holds it.</exception>
    internal static RunningServer Find(string pidFile)
    {
        var number = LibC.open(pidFile, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0);
        if (number < 0) throw new OperatorException($"failed to open file:{pidFile}: {Errno.Last}", ExitCodes.FileMissing);
        var file = new FileDescriptor(number);
        try
        {
            if (PidFile.ReadPid(number) is not { } pid || pid <= 0) throw new OperatorException($"no pid in file:{pidFile}", ExitCodes.StartServerUsage);
            var server = new RunningServer(file, pidFile, pid);
            return server.IsThere
                ? server
                : throw new OperatorException(
                    $"pid file {pidFile} is not locked: no start_server is running, and process {pid} may be a stranger; remove the file", ExitCodes.NoServer);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether the lock is held. Asked for as a shared one, so that two who ask at the same time do not take each other for the server.</summary>
    internal bool IsThere
    {
        get
        {
            if (LibC.flock(_file.Number, LibC.LOCK_SH | LibC.LOCK_NB) < 0)
            {
                return Errno.Last == Errno.EAGAIN || Errno.Last == Errno.EINTR
                    ? true
                    : throw new OperatorException($"flock failed({_path}): {Errno.Last}", ExitCodes.Failure);
            }
            LibC.flock(_file.Number, LibC.LOCK_UN);
            return false;
        }
    }

    /// <exception cref="OperatorException">It cannot be sent.</exception>
    internal void Send(Signal signal)
    {
        if (signal.SendTo(Pid)) return;
        var error = Errno.Last;
        throw new OperatorException($"failed to send SIG{signal} to the server process:{error}", error == Errno.ESRCH ? ExitCodes.NoServer : ExitCodes.Failure);
    }

    public void Dispose() => _file.Dispose();
}
