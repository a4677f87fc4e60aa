using System.Runtime.InteropServices;

namespace StarletNet.Shared.Interop;

/// <summary>An errno value that knows its symbol and libc's own text for it.</summary>
internal readonly record struct Errno(int Number)
{
    internal static readonly Errno None = new(0);
    internal static readonly Errno EPERM = new(1);
    internal static readonly Errno ENOENT = new(2);
    internal static readonly Errno ESRCH = new(3);
    internal static readonly Errno EINTR = new(4);
    internal static readonly Errno ECHILD = new(10);
    internal static readonly Errno EAGAIN = new(11);
    internal static readonly Errno ENOMEM = new(12);
    internal static readonly Errno EACCES = new(13);
    internal static readonly Errno ENOTDIR = new(20);
    internal static readonly Errno EISDIR = new(21);
    internal static readonly Errno EINVAL = new(22);
    internal static readonly Errno ENOSPC = new(28);
    internal static readonly Errno ELOOP = new(40);
    internal static readonly Errno EPROTOTYPE = new(91);
    internal static readonly Errno EADDRINUSE = new(98);
    internal static readonly Errno EADDRNOTAVAIL = new(99);
    internal static readonly Errno ECONNABORTED = new(103);
    internal static readonly Errno ECONNREFUSED = new(111);

    /// <summary>errno of the calling thread's last libc call; read it at once, before anything else runs.</summary>
    internal static Errno Last => new(Marshal.GetLastPInvokeError());

    /// <summary>
    /// The same after a call that is declared without SetLastError: two calls into the runtime less where it succeeds. libc's own errno, which the
    /// runtime keeps through its own work; to be read before any other call that could change it.
    /// </summary>
    internal static Errno OfLastCall => new(Marshal.GetLastSystemError());

    /// <summary>libc's text alone, as strerror(3) has it: <c>Permission denied</c>.</summary>
    internal string Text => Marshal.GetPInvokeErrorMessage(Number);

    public override string ToString() => Text;
}
