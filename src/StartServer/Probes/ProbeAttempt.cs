using StarletNet.Shared.Interop;

namespace StartServer.Probes;

/// <summary>
/// A probe under way: a thread of its own, which lives as long as the answer takes (a few seconds at most), and a pipe that becomes
/// readable when there is one. So the supervisor's thread never waits, and there is no thread while nobody is asked.
/// </summary>
internal sealed class ProbeAttempt : IDisposable
{
    private readonly FileDescriptor _end;
    private ProbeAnswer? _answer;

    private ProbeAttempt(int generation, int pid, FileDescriptor end)
    {
        Generation = generation;
        Pid = pid;
        _end = end;
    }

    internal int Generation { get; }

    internal int Pid { get; }

    /// <summary>Becomes readable when <see cref="Answer"/> is there.</summary>
    internal FileDescriptor End => _end;

    internal ProbeAnswer Answer => Volatile.Read(ref _answer)!;

    /// <exception cref="SystemCallException">There are no descriptors left, or there may be no further thread.</exception>
    internal static ProbeAttempt Start(ReadinessProbe probe, int generation, int pid, IReadOnlyList<int> listeners)
    {
        var asked = probe is AddressProbe address ? address.For(generation, pid) : probe;
        var (read, write) = FileDescriptor.Pipe();
        var attempt = new ProbeAttempt(generation, pid, read);
        var thread = new Thread(() =>
        {
            // Closing our end is what tells: nothing is written.
            using (write) Volatile.Write(ref attempt._answer, ProbeRequest.Ask(asked, listeners));
        }, maxStackSize: 256 * 1024)
        { IsBackground = true, Name = "probe" };
        try
        {
            thread.Start();
            return attempt;
        }
        catch (OutOfMemoryException)
        {
            // So the runtime calls EAGAIN: a candidate has used up what the cgroup or the user may have.
            read.Dispose();
            write.Dispose();
            throw new SystemCallException("pthread_create", Errno.EAGAIN);
        }
    }

    public void Dispose() => _end.Dispose();
}
