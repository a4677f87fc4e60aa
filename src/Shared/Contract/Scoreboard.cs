using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
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

/// <summary>
/// Shared memory in which each worker keeps its figures and the master reads them: no message, no system call. One place for one
/// worker process, one writer for each place. Counters are single words and always whole; what belongs together (pid and phase, the figures
/// of one heartbeat) changes together, under a sequence number that is odd while it does. The last place is the master's own: what workers
/// that are gone have added up to.
/// </summary>
/// <remarks>
/// A writer may be killed at any instruction, so a reader never waits for one: after <see cref="MaxTries"/> looks it takes what is
/// there and says so.
/// The application runs in the same process as the writer, so nothing that stands here is believed. The memory is sealed (memfd_create(2)): a worker
/// that shrinks it would end every process that reads it with SIGBUS. A place has a page of its own, and a worker maps that one page writable: a stray
/// write in one worker does not change the figures of another. Every figure is clamped as it is read (<see cref="ReadPlain"/>). The master keeps its sums in
/// memory of its own and only publishes them here.
/// </remarks>
internal sealed unsafe class Scoreboard : IDisposable
{
    /// <summary>Bytes of a place: a page on most machines. Where pages are larger, some places share one.</summary>
    internal const int PlaceSize = 4096;

    /// <summary>No counter is shown higher, about 2 * 10^15: the sum of all places and of those that are gone stays within 63 bits.</summary>
    private const long HighestCount = 1L << 51;

    /// <summary>The sums of workers that are gone stay below this, so that one addition more stays within 63 bits.</summary>
    private const long HighestSum = long.MaxValue / 2;

    /// <summary>The last millisecond of Unix time that DateTimeOffset can hold, of the year 9999.</summary>
    private const long LastMoment = 253_402_300_799_999;

    /// <summary>A change takes a few nanoseconds; who has seen it unfinished this often has met a dead writer.</summary>
    private const int MaxTries = 1000;

    [StructLayout(LayoutKind.Explicit, Size = PlaceSize)]
    private struct Place
    {
        [FieldOffset(0)] internal int Sequence;
        [FieldOffset(4)] internal int Pid;
        [FieldOffset(8)] internal int Phase;
        // By the master, before the worker is started.
        [FieldOffset(12)] internal int Slot;
        [FieldOffset(16)] internal int Generation;
        [FieldOffset(24)] internal long StartedAt;
        [FieldOffset(32)] internal long ReadyAt;
        // At each heartbeat, for which there is no room below.
        [FieldOffset(40)] internal long TakeOvers;
        // A cache line of its own: these are written per request.
        [FieldOffset(64)] internal long Requests;
        [FieldOffset(72)] internal int InFlight;
        [FieldOffset(76)] internal int Connections;
        [FieldOffset(80)] internal long LastRequestAt;
        [FieldOffset(88)] internal long ClientErrors;
        [FieldOffset(96)] internal long ServerErrors;
        [FieldOffset(104)] internal long Exceptions;
        // Two more: written at each heartbeat.
        [FieldOffset(128)] internal int Beats;
        [FieldOffset(132)] internal int PoolBeats;
        [FieldOffset(136)] internal int Debugged;
        [FieldOffset(140)] internal int PoolThreads;
        [FieldOffset(144)] internal long PoolQueue;
        [FieldOffset(152)] internal long Heap;
        [FieldOffset(160)] internal long BytesIn;
        [FieldOffset(168)] internal long BytesOut;
        [FieldOffset(176)] internal long BeatAt;
        [FieldOffset(184)] internal long LongestSince;
        [FieldOffset(192)] internal fixed byte Longest[LongestSize];
        // In the last place only, by the master: how many places have ever been taken. A page that is read is allocated, so readers stop there.
        [FieldOffset(256)] internal int PlacesInUse;
    }

    private const int LongestSize = 64;

    private readonly Place* _places;
    private readonly size_t _length;

    /// <param name="memory">The memfd.</param>
    /// <param name="places">How many it holds.</param>
    /// <param name="own">The one place that is mapped writable; null: all, for the master.</param>
    private Scoreboard(FileDescriptor memory, int places, int? own)
    {
        Memory = memory;
        Places = places;
        _length = (size_t)(places * PlaceSize);
        var address = LibC.mmap(null, _length, own is null ? LibC.PROT_READ | LibC.PROT_WRITE : LibC.PROT_READ, LibC.MAP_SHARED, memory.Number, 0);
        if (address == LibC.MAP_FAILED) throw SystemCallException.Of("mmap of the scoreboard");
        _places = (Place*)address;
        if (own is { } place) MapWritable(place);
    }

    // Over the read-only mapping of the same page.
    private void MapWritable(int place)
    {
        var page = Environment.SystemPageSize;
        var first = (long)place * PlaceSize / page * page;
        var size = (size_t)(Math.Max(page, PlaceSize));
        var address = LibC.mmap((byte*)_places + first, size, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED | LibC.MAP_FIXED, Memory.Number, first);
        if (address == LibC.MAP_FAILED) throw SystemCallException.Of("mmap of a place on the scoreboard");
    }

    /// <summary>The memfd, to be handed to workers.</summary>
    internal FileDescriptor Memory { get; }

    /// <summary>How many are mapped.</summary>
    internal int Places { get; }

    /// <summary>A new one, all places empty.</summary>
    internal static Scoreboard Create(int places)
    {
        var memory = SealedMemory.Create("starletnet-scoreboard");
        // Whole pages, where those are larger than a place.
        var size = ((long)places * PlaceSize + Environment.SystemPageSize - 1) / Environment.SystemPageSize * Environment.SystemPageSize;
        if (LibC.ftruncate(memory.Number, size) < 0) throw SystemCallException.Of("ftruncate of the scoreboard");
        SealedMemory.SealSize(memory);
        return new Scoreboard(memory, (int)(size / PlaceSize), own: null);
    }

    /// <summary>In a worker: all places to read, one to write.</summary>
    /// <param name="fd">The memfd.</param>
    /// <param name="place">The worker's own.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    internal static Scoreboard Open(int fd, int place)
    {
        statx status;
        if (LibC.statx(fd, "", LibC.AT_EMPTY_PATH, LibC.STATX_BASIC_STATS, &status) < 0) throw SystemCallException.Of("statx of the scoreboard");
        var places = (int)(status.stx_size / PlaceSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(place, places);
        return new Scoreboard(new FileDescriptor(fd), places, place);
    }

    /// <summary>By the master: readers need not look beyond so many places.</summary>
    internal void SetPlacesInUse(int count) => Volatile.Write(ref _places[Places - 1].PlacesInUse, count);

    /// <summary>Places that may have a worker. The last place, which is the master's own, is not among them.</summary>
    internal int PlacesInUse => Math.Clamp(Volatile.Read(ref _places[Places - 1].PlacesInUse), 0, Places - 1);

    /// <summary>Reads a place without ever waiting for its writer.</summary>
    internal WorkerFigures Read(int index)
    {
        var place = _places + index;
        for (var tries = 1; ; tries++)
        {
            var before = Volatile.Read(ref place->Sequence);
            var figures = ReadPlain(place);
            Interlocked.MemoryBarrier();
            var whole = (before & 1) == 0 && before == Volatile.Read(ref place->Sequence);
            if (whole || tries == MaxTries) return figures with { IsTorn = !whole };
        }
    }

    /// <summary>
    /// Each figure within its range: a sum of them, a moment, an age and an enumeration are then always valid, whatever bytes stand there.
    /// </summary>
    private static WorkerFigures ReadPlain(Place* place)
    {
        var inFlight = Count(place->InFlight);
        return new(Count(Volatile.Read(ref place->Pid)), PhaseOf(place), Count(Volatile.Read(ref place->Requests)), inFlight, Count(place->Connections), IsTorn: false)
        {
            Slot = Count(place->Slot),
            Generation = Count(place->Generation),
            StartedAt = Math.Clamp(place->StartedAt, 0, LastMoment),
            ReadyAt = Math.Clamp(place->ReadyAt, 0, LastMoment),
            LastRequestAt = Count(place->LastRequestAt),
            ClientErrors = Count(place->ClientErrors),
            ServerErrors = Count(place->ServerErrors),
            Exceptions = Count(place->Exceptions),
            Beats = Volatile.Read(ref place->Beats),
            PoolBeats = Volatile.Read(ref place->PoolBeats),
            IsDebugged = place->Debugged != 0,
            BeatAt = Count(place->BeatAt),
            PoolThreads = Count(place->PoolThreads),
            PoolQueue = Count(place->PoolQueue),
            Heap = Count(place->Heap),
            BytesIn = Count(place->BytesIn),
            BytesOut = Count(place->BytesOut),
            TakeOvers = Count(place->TakeOvers),
            // What the heartbeat said of a request that has ended since.
            LongestSince = inFlight > 0 ? Count(place->LongestSince) : 0,
            Longest = inFlight > 0 ? ReadLongest(place) : null,
        };
    }

    private static int Count(int figure) => Math.Max(0, figure);

    private static long Count(long figure) => Math.Clamp(figure, 0, HighestCount);

    private static WorkerPhase PhaseOf(Place* place) =>
        (WorkerPhase)Volatile.Read(ref place->Phase) is var phase and >= WorkerPhase.None and <= WorkerPhase.Draining ? phase : WorkerPhase.None;

    // A copy first, so that a worker that writes meanwhile cannot make it longer than it is.
    private static string? ReadLongest(Place* place)
    {
        if (place->Longest[0] == 0) return null;
        Span<byte> copy = stackalloc byte[LongestSize];
        new ReadOnlySpan<byte>(place->Longest, LongestSize).CopyTo(copy);
        var end = copy.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? copy : copy[..end]);
    }

    /// <summary>Nothing of the former worker remains.</summary>
    internal void Clear(int index) => new Span<byte>(_places + index, PlaceSize).Clear();

    /// <summary>By the master before a worker is started there.</summary>
    /// <param name="startedAt">Milliseconds of Unix time.</param>
    internal void Prepare(int index, int slot, int generation, long startedAt)
    {
        Clear(index);
        (_places[index].Slot, _places[index].Generation, _places[index].StartedAt) = (slot, generation, startedAt);
    }

    /// <summary>From its making to its end the sequence number is odd.</summary>
    private readonly ref struct Change
    {
        private readonly Place* _place;

        internal Change(Place* place)
        {
            _place = place;
            Interlocked.Increment(ref place->Sequence);
        }

        public void Dispose() => Interlocked.Increment(ref _place->Sequence);
    }

    /// <summary>By the worker: pid and phase change as one.</summary>
    internal void SetPhase(int index, int pid, WorkerPhase phase)
    {
        var place = _places + index;
        using var change = new Change(place);
        place->Pid = pid;
        place->Phase = (int)phase;
        if (phase == WorkerPhase.Ready && place->ReadyAt == 0) place->ReadyAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    }

    /// <summary>By the worker, at a heartbeat: one moment's figures, together. From the thread that also sets the phase.</summary>
    internal void SetVitals(int index, in Vitals now)
    {
        var place = _places + index;
        using var change = new Change(place);
        place->PoolThreads = now.PoolThreads;
        place->PoolQueue = now.PoolQueue;
        place->Heap = now.Heap;
        place->BytesIn = now.BytesIn;
        place->BytesOut = now.BytesOut;
        place->TakeOvers = now.TakeOvers;
        place->BeatAt = now.At;
        place->LongestSince = now.LongestSince;
        var text = new Span<byte>(place->Longest, LongestSize);
        text.Clear();
        // Whole characters only; what does not fit is left out.
        if (now.Longest is not null) Utf8.FromUtf16(now.Longest, text, out _, out _);
    }

    /// <summary>What workers that are gone have counted, and one more.</summary>
    internal static WorkerFigures Sum(in WorkerFigures gone, in WorkerFigures one) => default(WorkerFigures) with
    {
        Requests = Sum(gone.Requests, one.Requests),
        ClientErrors = Sum(gone.ClientErrors, one.ClientErrors),
        ServerErrors = Sum(gone.ServerErrors, one.ServerErrors),
        Exceptions = Sum(gone.Exceptions, one.Exceptions),
        BytesIn = Sum(gone.BytesIn, one.BytesIn),
        BytesOut = Sum(gone.BytesOut, one.BytesOut),
        TakeOvers = Sum(gone.TakeOvers, one.TakeOvers),
    };

    private static long Sum(long one, long other) => Math.Min(HighestSum, one + other);

    /// <summary>By the master, in the place that is its own: shows workers what those that are gone have counted. It never reads it back.</summary>
    internal void PublishDeparted(in WorkerFigures gone)
    {
        var place = _places + Places - 1;
        using var change = new Change(place);
        place->Requests = gone.Requests;
        place->ClientErrors = gone.ClientErrors;
        place->ServerErrors = gone.ServerErrors;
        place->Exceptions = gone.Exceptions;
        place->BytesIn = gone.BytesIn;
        place->BytesOut = gone.BytesOut;
        place->TakeOvers = gone.TakeOvers;
    }

    /// <summary>By the worker. The counters a worker needs anyway live here, so the scoreboard costs it nothing.</summary>
    internal ref long Requests(int index) => ref _places[index].Requests;

    internal ref int InFlight(int index) => ref _places[index].InFlight;

    /// <summary>Alone, without the rest of the place: for those who ask often.</summary>
    internal WorkerPhase PhaseOf(int index) => PhaseOf(_places + index);

    internal ref int Connections(int index) => ref _places[index].Connections;

    internal ref long LastRequestAt(int index) => ref _places[index].LastRequestAt;

    internal ref long ClientErrors(int index) => ref _places[index].ClientErrors;

    internal ref long ServerErrors(int index) => ref _places[index].ServerErrors;

    internal ref long Exceptions(int index) => ref _places[index].Exceptions;

    internal ref int Beats(int index) => ref _places[index].Beats;

    internal ref int PoolBeats(int index) => ref _places[index].PoolBeats;

    internal ref int Debugged(int index) => ref _places[index].Debugged;

    public void Dispose()
    {
        LibC.munmap(_places, _length);
        Memory.Dispose();
    }
}
