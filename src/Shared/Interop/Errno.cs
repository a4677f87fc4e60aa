using System.Runtime.InteropServices;

namespace StarletNet.Shared.Interop;

/// <summary>An errno value that knows its symbol and libc's own text for it.</summary>
internal readonly record struct Errno(int Number)
{
    internal static readonly Errno None = new(0);
    internal static readonly Errno EPERM = new(LibC.EPERM);
    internal static readonly Errno ENOENT = new(LibC.ENOENT);
    internal static readonly Errno ESRCH = new(LibC.ESRCH);
    internal static readonly Errno EINTR = new(LibC.EINTR);
    internal static readonly Errno ECHILD = new(LibC.ECHILD);
    internal static readonly Errno EAGAIN = new(LibC.EAGAIN);
    internal static readonly Errno ENOMEM = new(LibC.ENOMEM);
    internal static readonly Errno EACCES = new(LibC.EACCES);
    internal static readonly Errno ENOTDIR = new(LibC.ENOTDIR);
    internal static readonly Errno EISDIR = new(LibC.EISDIR);
    internal static readonly Errno EINVAL = new(LibC.EINVAL);
    internal static readonly Errno ENOSPC = new(LibC.ENOSPC);
    internal static readonly Errno ELOOP = new(LibC.ELOOP);
    internal static readonly Errno EPROTOTYPE = new(LibC.EPROTOTYPE);
    internal static readonly Errno EAFNOSUPPORT = new(LibC.EAFNOSUPPORT);
    internal static readonly Errno EADDRINUSE = new(LibC.EADDRINUSE);
    internal static readonly Errno EADDRNOTAVAIL = new(LibC.EADDRNOTAVAIL);
    internal static readonly Errno ECONNABORTED = new(LibC.ECONNABORTED);
    internal static readonly Errno ECONNREFUSED = new(LibC.ECONNREFUSED);
    internal static readonly Errno EINPROGRESS = new(LibC.EINPROGRESS);

    /// <summary>
    /// errno of the calling thread's last libc call; read it at once, before anything else runs. Not after poll(2), which Tmds.LibC declares
    /// without SetLastError: see <see cref="OfLastCall"/>.
    /// </summary>
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
