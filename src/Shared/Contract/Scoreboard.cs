using System.Runtime.InteropServices;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Contract;

/// <summary>What a worker is doing, as it says itself.</summary>
internal enum WorkerPhase
{
    None = 0,
    Starting = 1,
    Ready = 2,
    Draining = 3,
}

/// <summary>A worker as the scoreboard shows it.</summary>
/// <param name="Requests">Completed since it started.</param>
/// <param name="InFlight">Being answered now.</param>
/// <param name="IsTorn">
/// The worker was killed in the middle of a change of phase: <paramref name="Pid"/> and <paramref name="Phase"/> may not belong together.
/// </param>
internal readonly record struct WorkerFigures(int Pid, WorkerPhase Phase, long Requests, int InFlight, int Connections, bool IsTorn)
{
    /// <summary>Counts up for as long as the worker's own thread runs.</summary>
    internal int Beats { get; init; }

    /// <summary>Counts up for as long as its thread pool gets round to new work.</summary>
    internal int PoolBeats { get; init; }

    /// <summary>Somebody debugs it, so that it may well stand still.</summary>
    internal bool IsDebugged { get; init; }
}

/// <summary>
/// Shared memory in which each worker keeps its figures and the master reads them: no message, no system call. One place for one
/// worker process, one writer for each place. Counters are single words and always whole; pid and phase change together, under a sequence
/// number that is odd while they do.
/// </summary>
/// <remarks>
/// A writer may be killed at any instruction, so a reader never waits for one: after <see cref="MaxTries"/> looks it takes what is
/// there and says so.
/// </remarks>
internal sealed unsafe class Scoreboard : IDisposable
{
    /// <summary>Bytes of a place: whole cache lines, so that two workers never write to the same one.</summary>
    internal const int PlaceSize = 256;

    /// <summary>A change takes a few nanoseconds; who has seen it unfinished this often has met a dead writer.</summary>
    private const int MaxTries = 1000;

    [StructLayout(LayoutKind.Explicit, Size = PlaceSize)]
    private struct Place
    {
        [FieldOffset(0)] internal int Sequence;
        [FieldOffset(4)] internal int Pid;
        [FieldOffset(8)] internal int Phase;
        // A cache line of its own: these are written per request.
        [FieldOffset(64)] internal long Requests;
        [FieldOffset(72)] internal int InFlight;
        [FieldOffset(76)] internal int Connections;
        // Another one: written now and then.
        [FieldOffset(128)] internal int Beats;
        [FieldOffset(132)] internal int PoolBeats;
        [FieldOffset(136)] internal int Debugged;
    }

    private readonly Place* _places;
    private readonly nuint _length;

    private Scoreboard(FileDescriptor memory, int places)
    {
        Memory = memory;
        _length = (nuint)(places * PlaceSize);
        var address = LibC.mmap(0, _length, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, memory.Number, 0);
        if (address == LibC.MAP_FAILED) throw SystemCallException.Of("mmap of the scoreboard");
        _places = (Place*)address;
    }

    /// <summary>The memfd, to be handed to workers.</summary>
    internal FileDescriptor Memory { get; }

    /// <summary>A new one, all places empty.</summary>
    internal static Scoreboard Create(int places)
    {
        var fd = LibC.memfd_create("starletnet-scoreboard", LibC.MFD_CLOEXEC);
        if (fd < 0) throw SystemCallException.Of("memfd_create");
        var memory = new FileDescriptor(fd);
        if (LibC.ftruncate(fd, (long)places * PlaceSize) < 0) throw SystemCallException.Of("ftruncate of the scoreboard");
        return new Scoreboard(memory, places);
    }

    /// <summary>In a worker: maps the places up to its own.</summary>
    internal static Scoreboard Open(int fd, int place) => new(new FileDescriptor(fd), place + 1);

    /// <summary>Reads a place without ever waiting for its writer.</summary>
    internal WorkerFigures Read(int index)
    {
        var place = _places + index;
        for (var tries = 1; ; tries++)
        {
            var before = Volatile.Read(ref place->Sequence);
            var pid = Volatile.Read(ref place->Pid);
            var phase = (WorkerPhase)Volatile.Read(ref place->Phase);
            Interlocked.MemoryBarrier();
            var whole = (before & 1) == 0 && before == Volatile.Read(ref place->Sequence);
            if (whole || tries == MaxTries)
                return new WorkerFigures(pid, phase, Volatile.Read(ref place->Requests), place->InFlight, place->Connections, !whole)
                {
                    Beats = Volatile.Read(ref place->Beats),
                    PoolBeats = Volatile.Read(ref place->PoolBeats),
                    IsDebugged = place->Debugged != 0,
                };
        }
    }

    /// <summary>By the master before a worker is started there, and when it is dead: nothing of the former one remains.</summary>
    internal void Clear(int index) => new Span<byte>(_places + index, PlaceSize).Clear();

    /// <summary>By the worker: pid and phase change as one.</summary>
    internal void SetPhase(int index, int pid, WorkerPhase phase)
    {
        var place = _places + index;
        Interlocked.Increment(ref place->Sequence);
        place->Pid = pid;
        place->Phase = (int)phase;
        Interlocked.Increment(ref place->Sequence);
    }

    /// <summary>By the worker. The counters a worker needs anyway live here, so the scoreboard costs it nothing.</summary>
    internal ref long Requests(int index) => ref _places[index].Requests;

    internal ref int InFlight(int index) => ref _places[index].InFlight;

    internal ref int Connections(int index) => ref _places[index].Connections;

    internal ref int Beats(int index) => ref _places[index].Beats;

    internal ref int PoolBeats(int index) => ref _places[index].PoolBeats;

    internal ref int Debugged(int index) => ref _places[index].Debugged;

    public void Dispose()
    {
        LibC.munmap((nint)_places, _length);
        Memory.Dispose();
    }
}
