using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>
/// wait4(2) for whichever child has ended, our own or (as pid 1) an adopted orphan. Only the thread that owns the state calls it, so
/// no pid is free for reuse while the owner still believes in it. System.Diagnostics.Process must never occur beside it: it
/// reaps too.
/// </summary>
internal static unsafe class ChildReaper
{
    /// <summary>Reaps one ended child, without waiting.</summary>
    internal static bool TryReap(out int pid, out ChildExit exit)
    {
        int status;
        rusage usage;
        do pid = LibC.wait4(-1, &status, LibC.WNOHANG, &usage);
        while (pid < 0 && Errno.Last == Errno.EINTR);
        exit = pid > 0 ? new ChildExit(status, Read(usage)) : default;
        return pid > 0;
    }

    private static ChildUsage Read(in rusage usage) => new(
        TimeSpan.FromSeconds(usage.ru_utime_tv_sec) + TimeSpan.FromMicroseconds(usage.ru_utime_tv_usec),
        TimeSpan.FromSeconds(usage.ru_stime_tv_sec) + TimeSpan.FromMicroseconds(usage.ru_stime_tv_usec),
        usage.ru_maxrss);
}
