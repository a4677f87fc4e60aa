using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>A log that several processes write to: each write goes to the end of the file as it is then.</summary>
internal static class AppendedFile
{
    /// <summary>Created with mode 0666 less the umask. Never waits.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="error">Why it cannot be opened.</param>
    /// <param name="guarded">See <see cref="GuardedOpen"/>.</param>
    /// <returns>Null if it cannot be opened.</returns>
    internal static FileDescriptor? TryOpen(string path, out Errno error, bool guarded = false)
    {
        // Non-blocking for the open alone: a FIFO that nobody reads is an error (ENXIO), not a start that hangs.
        var number = GuardedOpen.Open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC | LibC.O_NONBLOCK, guarded, out error);
        if (number < 0) return null;
        FileDescriptor.SetNonBlocking(number, false);
        return new FileDescriptor(number);
    }
}
