using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StartServer.Control;

/// <summary>
/// The start_server that a pid file names. The file is locked by it, and the kernel says that it is the one who holds the lock: a number may be a stranger's
/// by now, and everybody who may read the file may lock it. What follows goes through a pidfd that was opened before the lock was looked at, so it
/// never reaches another process that is given the same number.
/// </summary>
internal sealed unsafe class RunningServer : IDisposable
{
    private readonly FileDescriptor _file;
    private readonly FileDescriptor? _process;
    private readonly string _path;

    private RunningServer(FileDescriptor file, string path, int pid)
    {
        _file = file;
        _path = path;
        Pid = pid;
        // Null: a kernel before 5.3, or no such process.
        _process = LibC.pidfd_open(pid) is var number and >= 0 ? new FileDescriptor(number) : null;
    }

    internal int Pid { get; }

    /// <exception cref="OperatorException">No file, no pid in it, or that process does not hold it.</exception>
    internal static RunningServer Find(string pidFile)
    {
        var number = LibC.open(pidFile, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0);
        if (number < 0) throw new OperatorException($"failed to open file:{pidFile}: {Errno.Last}", ExitCodes.FileMissing);
        var file = new FileDescriptor(number);
        RunningServer? server = null;
        try
        {
            if (PidFile.ReadPid(number) is not { } pid || pid <= 0) throw new OperatorException($"no pid in file:{pidFile}", ExitCodes.StartServerUsage);
            server = new RunningServer(file, pidFile, pid);
            if (!server.IsLocked)
            {
                throw new OperatorException(
                    $"pid file {pidFile} is not locked: no start_server is running, and process {pid} may be a stranger; remove the file", ExitCodes.NoServer);
            }
            server.RefuseStranger(LockHolder.Of(number));
            return server;
        }
        catch
        {
            server?.Dispose();
            file.Dispose();
            throw;
        }
    }

    private void RefuseStranger(IReadOnlyList<LockHolder>? holders)
    {
        // The kernel does not tell: the lock has to be enough.
        if (holders is null || holders.Any(holder => holder.IsExclusive && holder.Pid == Pid)) return;
        throw new OperatorException(holders is []
            ? $"pid file {_path} is locked by a process that cannot be seen from here, and process {Pid} may be a stranger; ask in the container of that server"
            : $"pid file {_path} is locked by {string.Join(", ", holders)} and not by process {Pid}, which it names and which may be a stranger; nothing is sent", ExitCodes.NoServer);
    }

    /// <summary>Whether it is still there.</summary>
    internal bool IsThere => _process is null ? IsLocked : !HasEnded(TimeSpan.Zero);

    /// <summary>Waits for its end.</summary>
    /// <param name="limit">For so long at most.</param>
    /// <returns>Whether it has ended.</returns>
    internal bool HasEnded(TimeSpan limit)
    {
        if (_process is null)
        {
            if (limit > TimeSpan.Zero) Thread.Sleep(limit);
            return !IsLocked;
        }
        // Readable when the process has ended. Nothing of ours is left then: the lock is the last that it lets go.
        var poll = new pollfd { fd = _process.Number, events = LibC.POLLIN };
        return LibC.poll(&poll, 1, (int)limit.TotalMilliseconds) > 0;
    }

    /// <summary>Whether the lock is held. Asked for as a shared one, so that two who ask at the same time do not take each other for the server.</summary>
    private bool IsLocked
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
        if (_process is null ? signal.SendTo(Pid) : LibC.pidfd_send_signal(_process.Number, signal.Number) == 0) return;
        var error = Errno.Last;
        throw new OperatorException($"failed to send SIG{signal} to the server process:{error}", error == Errno.ESRCH ? ExitCodes.NoServer : ExitCodes.Failure);
    }

    public void Dispose()
    {
        _process?.Dispose();
        _file.Dispose();
    }
}
