using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>
/// Looks at a thread from outside: whether it is asleep, waiting for something, or is ready to run and computes (or would, had others not
/// been given the processor, or the kernel not been busy with a page of its memory).
/// </summary>
internal sealed unsafe class ThreadLook
{
    private const int MostBytes = 256;

    private readonly byte[] _stat;

    private ThreadLook(string task) => _stat = Encoding.ASCII.GetBytes($"/proc/{task}/stat\0");

    // thread-self leads to PID/task/TID.
    internal static ThreadLook AtCurrent() => new(File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)?.Name is { } tid
        ? $"self/task/{tid}"
        : "thread-self");

    /// <summary>A few system calls: for suspects only.</summary>
    internal bool IsWaiting()
    {
        var text = stackalloc byte[MostBytes];
        nint length;
        fixed (byte* path = _stat)
        {
            var file = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
            if (file < 0) return true;
            length = LibC.read(file, text, MostBytes);
            _ = LibC.close(file);
        }
        // "123 (name) S ...": the name may hold anything, so from its end.
        var stat = new ReadOnlySpan<byte>(text, (int)Math.Max(0, length));
        var end = stat.LastIndexOf((byte)')');
        return end < 0 || end + 2 >= stat.Length || stat[end + 2] is not ((byte)'R' or (byte)'D');
    }
}
