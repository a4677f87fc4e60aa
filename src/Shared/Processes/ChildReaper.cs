using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>
/// One thread that sleeps in waitid(2) until some child has ended, our own or (as pid 1) an adopted orphan. It only
/// <em>notices</em>; <see cref="TryReap"/>, on the thread that owns the state, reaps. So no pid is free for reuse while the
/// owner still believes in it. System.Diagnostics.Process and a SIGCHLD registration must never occur beside it: both reap.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "Lives as long as the process: the waiting thread cannot be stopped.")]
internal sealed unsafe class ChildReaper
{
    private readonly Action _someoneExited;
    private readonly SemaphoreSlim _continue = new(0);
    private bool _started;

    /// <param name="someoneExited">Called on the waiting thread; must only wake the owner.</param>
    internal ChildReaper(Action someoneExited) => _someoneExited = someoneExited;

    /// <summary>To be called after each spawn and after each round of <see cref="TryReap"/>: there may be someone to wait for.</summary>
    internal void Continue()
    {
        if (!_started)
        {
            _started = true;
            // An inherited SIG_IGN for CHLD would make the kernel drop every exit status.
            Signal.Chld.StopIgnoring();
            new Thread(NoticeExits, maxStackSize: 128 * 1024) { IsBackground = true, Name = "waitpid" }.Start();
            return;
        }
        if (_continue.CurrentCount == 0) _continue.Release();
    }

    private void NoticeExits()
    {
        var siginfo = stackalloc byte[128];
        while (true)
        {
            if (LibC.waitid(LibC.P_ALL, 0, siginfo, LibC.WEXITED | LibC.WNOWAIT) == 0) _someoneExited();
            else if (Errno.Last == Errno.EINTR) continue;
            // Noticed: until the owner has reaped, waitid would return at once. ECHILD: nobody to wait for until the next spawn.
            // A stray permit from an earlier spawn costs one turn, nothing more.
            _continue.Wait();
        }
    }

    /// <summary>Reaps one ended child, without waiting.</summary>
    internal static bool TryReap(out int pid, out ChildExit exit)
    {
        int status;
        LibC.RUsage usage;
        do pid = LibC.wait4(-1, &status, LibC.WNOHANG, &usage);
        while (pid < 0 && Errno.Last == Errno.EINTR);
        exit = pid > 0 ? new ChildExit(status, Read(usage)) : default;
        return pid > 0;
    }

    private static ChildUsage Read(in LibC.RUsage usage) => new(
        TimeSpan.FromSeconds(usage.UserSeconds) + TimeSpan.FromMicroseconds(usage.UserMicroseconds),
        TimeSpan.FromSeconds(usage.SystemSeconds) + TimeSpan.FromMicroseconds(usage.SystemMicroseconds),
        usage.MaximumResidentKiB);
}
