using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>
/// A child of this process, and the sole owner of its pid: signals may be sent until its <see cref="ChildExit"/> has been
/// taken from the <see cref="Events.EventQueue"/>, because only that reaps it. Until then the kernel cannot give the pid away.
/// </summary>
internal sealed unsafe class ChildProcess
{
    private readonly FileDescriptor _reportEnd;

    private ChildProcess(int pid, FileDescriptor reportEnd)
    {
        Pid = pid;
        _reportEnd = reportEnd;
    }

    internal int Pid { get; }

    /// <summary>A child that this process had before it became another program by exec. Its launch is over.</summary>
    internal static ChildProcess Adopt(int pid)
    {
        var nothing = new FileDescriptor(-1);
        nothing.Dispose();
        return new ChildProcess(pid, nothing);
    }

    internal bool Signal(Signal signal) => signal.SendTo(Pid);

    /// <summary>Becomes readable when the child has executed its program, or has failed to, or has ended.</summary>
    internal FileDescriptor Launched => _reportEnd;

    /// <summary>
    /// Why the program never ran, if it did not. To be asked when <see cref="Launched"/> is readable or the child has exited.
    /// </summary>
    internal LaunchFailure? TakeLaunchFailure()
    {
        if (_reportEnd.IsClosed) return null;
        using (_reportEnd) return Launcher.ReadReport(_reportEnd);
    }

    /// <summary>Waits for the launch, which takes a millisecond or two, and gives its failure.</summary>
    internal LaunchFailure? WaitForLaunch()
    {
        var report = new pollfd { fd = _reportEnd.Number, events = LibC.POLLIN };
        while (LibC.poll(&report, 1, -1) < 0 && Errno.OfLastCall == Errno.EINTR) { }
        return TakeLaunchFailure();
    }

    /// <summary>Starts a child. A program that is missing or not executable shows only when the child exits.</summary>
    /// <exception cref="SystemCallException">No process could be made at all (EAGAIN, ENOMEM).</exception>
    internal static ChildProcess Start(ChildSpec spec)
    {
        var (read, write) = FileDescriptor.Pipe();
        FileDescriptor.SetNonBlocking(read.Number, true);
        try
        {
            using (write)
            {
                // Above every number that something is moved to, so that handing those over cannot overwrite it. What keeps its
                // number needs no such care, and may sit just below the limit of open files.
                var firstFree = spec.Descriptors.Where(d => d.Fd != d.NumberInChild).Select(d => d.NumberInChild).DefaultIfEmpty(2).Max() + 1;
                using var report = FileDescriptor.Duplicate(write.Number, firstFree);
                return new ChildProcess(Spawn(spec, report.Number, firstFree), read);
            }
        }
        catch
        {
            read.Dispose();
            throw;
        }
    }

    private static int Spawn(ChildSpec spec, int reportFd, int firstFree)
    {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        Check(LibC.posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
        Check(LibC.posix_spawnattr_init(&attributes), "posix_spawnattr_init");
        var moved = new List<FileDescriptor>();
        try
        {
            AddDescriptors(&actions, spec.Descriptors, reportFd, firstFree, moved);
            SetAttributes(&attributes, spec.Scope);
            using var argv = new NativeStrings([spec.Title ?? spec.Program, .. Launcher.Arguments(spec, reportFd)]);
            var variables = spec.Environment.Where(variable => variable.Key != Launcher.HooksVariable);
            using var envp = new NativeStrings([.. variables.Select(variable => $"{variable.Key}={variable.Value}")]);
            pid_t pid;
            Check(LibC.posix_spawn(&pid, spec.LauncherPath, &actions, &attributes, argv.Pointer, envp.Pointer), "posix_spawn");
            return pid;
        }
        finally
        {
            LibC.posix_spawnattr_destroy(&attributes);
            LibC.posix_spawn_file_actions_destroy(&actions);
            foreach (var copy in moved) copy.Dispose();
        }
    }

    /// <summary>
    /// dup2 in the child is the one act that clears close-on-exec, also onto the same number. A descriptor that changes its
    /// number is first copied out of the way, so that the order of the dup2s cannot overwrite one that is still to be handed over.
    /// </summary>
    private static void AddDescriptors(
        posix_spawn_file_actions_t* actions, IReadOnlyList<HandedDescriptor> descriptors, int reportFd, int firstFree, List<FileDescriptor> moved)
    {
        foreach (var (fd, numberInChild) in descriptors)
        {
            var source = fd;
            if (fd != numberInChild)
            {
                moved.Add(FileDescriptor.Duplicate(fd, firstFree));
                source = moved[^1].Number;
            }
            Check(LibC.posix_spawn_file_actions_adddup2(actions, source, numberInChild), "posix_spawn_file_actions_adddup2");
        }
        Check(LibC.posix_spawn_file_actions_adddup2(actions, reportFd, reportFd), "posix_spawn_file_actions_adddup2");
    }

    private static void SetAttributes(posix_spawnattr_t* attributes, ProcessScope scope)
    {
        sigset_t set;
        LibC.sigfillset(&set);
        Check(LibC.posix_spawnattr_setsigdefault(attributes, &set), "posix_spawnattr_setsigdefault");
        LibC.sigemptyset(&set);
        Check(LibC.posix_spawnattr_setsigmask(attributes, &set), "posix_spawnattr_setsigmask");
        var flags = LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETSIGMASK;
        if (scope == ProcessScope.OwnSession) flags |= LibC.POSIX_SPAWN_SETSID;
        if (scope == ProcessScope.OwnGroup)
        {
            flags |= LibC.POSIX_SPAWN_SETPGROUP;
            Check(LibC.posix_spawnattr_setpgroup(attributes, 0), "posix_spawnattr_setpgroup");
        }
        Check(LibC.posix_spawnattr_setflags(attributes, (short)flags), "posix_spawnattr_setflags");
    }

    // The posix_spawn family returns the error instead of setting errno.
    private static void Check(int error, string call)
    {
        if (error != 0) throw new SystemCallException(call, new Errno(error));
    }
}
