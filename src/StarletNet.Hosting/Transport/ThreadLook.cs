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
    private readonly LibC.ThreadClock _clock;

    private ThreadLook(string task) => (_stat, _clock) = (Encoding.ASCII.GetBytes($"/proc/{task}/stat\0"), LibC.ThreadClock.OfCurrent());

    // thread-self leads to PID/task/TID.
    internal static ThreadLook AtCurrent() => new(File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)?.Name is { } tid
        ? $"self/task/{tid}"
        : "thread-self");

    /// <summary>What it has used so far.</summary>
    internal TimeSpan Processor() => _clock.Read();

    /// <summary>A few system calls: for suspects only.</summary>
    internal Occupation Doing()
    {
        var text = stackalloc byte[MostBytes];
        nint length;
        fixed (byte* path = _stat)
        {
            var file = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
            // Out of descriptors, and so without proof.
            if (file < 0) return Occupation.Ready;
            length = LibC.read(file, text, MostBytes);
            _ = LibC.close(file);
        }
        // "123 (name) S ...": the name may hold anything, so from its end.
        var stat = new ReadOnlySpan<byte>(text, (int)Math.Max(0, length));
        var end = stat.LastIndexOf((byte)')');
        return end < 0 || end + 2 >= stat.Length ? Occupation.Waiting : stat[end + 2] switch
        {
            (byte)'R' => Occupation.Ready,
            (byte)'D' => Occupation.InKernel,
            _ => Occupation.Waiting,
        };
    }
}

/// <summary>What a thread is found doing.</summary>
internal enum Occupation
{
    /// <summary>Computing, or about to as soon as it is given a processor.</summary>
    Ready,

    /// <summary>Asleep for something that will surely come: a page of its memory for a moment, or a disk for longer.</summary>
    InKernel,

    /// <summary>Asleep.</summary>
    Waiting,
}
