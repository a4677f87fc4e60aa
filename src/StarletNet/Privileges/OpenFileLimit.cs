using StarletNet.Shared.Interop;

namespace StarletNet.Master.Privileges;

/// <summary>How many descriptors a process may have: as many as the system lets us, since each connection is one.</summary>
internal static class OpenFileLimit
{
    internal static unsafe void Raise()
    {
        rlimit limit;
        if (LibC.getrlimit(LibC.RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max) return;
        limit.rlim_cur = limit.rlim_max;
        // Refused only by an unusual system, and then what we have must do.
        LibC.setrlimit(LibC.RLIMIT_NOFILE, &limit);
    }
}
