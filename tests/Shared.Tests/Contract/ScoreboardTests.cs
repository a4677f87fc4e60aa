using System.Runtime.InteropServices;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Tests.Contract;

public class ScoreboardTests
{
    [Fact]
    public void What_a_worker_writes_through_its_own_mapping_the_master_reads()
    {
        using var master = Scoreboard.Create(4);
        using var worker = OfWorker(master, 2);

        worker.SetPhase(2, 4711, WorkerPhase.Ready);
        Interlocked.Add(ref worker.Requests(2), 10);
        Interlocked.Increment(ref worker.InFlight(2));
        Interlocked.Add(ref worker.Connections(2), 3);

        var figures = master.Read(2);
        Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(figures.ReadyAt), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        Assert.Equal(new WorkerFigures(4711, WorkerPhase.Ready, 10, 1, 3, IsTorn: false), figures with { ReadyAt = 0 });
        Assert.Equal(default, master.Read(1));
        Assert.Equal(default, master.Read(3));
    }

    [Fact]
    public void A_cleared_place_holds_nothing_of_the_worker_before()
    {
        using var scoreboard = Scoreboard.Create(2);
        scoreboard.SetPhase(1, 4711, WorkerPhase.Draining);
        scoreboard.Requests(1) = 5;

        scoreboard.Clear(1);

        Assert.Equal(default, scoreboard.Read(1));
    }

    [Fact]
    public void A_place_tells_whose_it_is_before_its_worker_lives_and_all_that_a_heartbeat_says()
    {
        using var master = Scoreboard.Create(3);
        using var worker = OfWorker(master, 1);
        worker.SetVitals(1, new Vitals(1, 1, 1, 1, 1, 1, 1, "GET /former", 1));
        master.Prepare(1, slot: 7, generation: 3, startedAt: 1000);

        Assert.Equal(new WorkerFigures(0, WorkerPhase.None, 0, 0, 0, false) { Slot = 7, Generation = 3, StartedAt = 1000 }, master.Read(1));
        worker.SetVitals(1, new Vitals(5000, 12, 3, 1 << 20, 100, 200, 9, "GET /slow", 4000));
        worker.InFlight(1) = 1;

        using var sibling = OfWorker(master, 0);
        Assert.Equal(3, sibling.Places);
        Assert.Equal(new WorkerFigures(0, WorkerPhase.None, 0, 1, 0, false)
        {
            Slot = 7,
            Generation = 3,
            StartedAt = 1000,
            BeatAt = 5000,
            PoolThreads = 12,
            PoolQueue = 3,
            Heap = 1 << 20,
            BytesIn = 100,
            BytesOut = 200,
            TakeOvers = 9,
            Longest = "GET /slow",
            LongestSince = 4000,
        }, sibling.Read(1));
    }

    [Fact]
    public void A_request_that_has_ended_since_the_heartbeat_runs_no_longer()
    {
        using var scoreboard = Scoreboard.Create(1);
        scoreboard.SetVitals(0, default(Vitals) with { Longest = "GET /slow", LongestSince = 4000 });

        Assert.Equal((null, 0), (scoreboard.Read(0).Longest, scoreboard.Read(0).LongestSince));
        scoreboard.InFlight(0) = 1;
        Assert.Equal(("GET /slow", 4000), (scoreboard.Read(0).Longest, scoreboard.Read(0).LongestSince));
    }

    [Fact]
    public void A_long_path_is_cut_between_two_characters()
    {
        using var scoreboard = Scoreboard.Create(1);

        scoreboard.InFlight(0) = 1;
        scoreboard.SetVitals(0, default(Vitals) with { Longest = "GET /" + new string('ü', 100) });

        Assert.Equal("GET /" + new string('ü', 29), scoreboard.Read(0).Longest);
    }

    [Fact]
    public void What_workers_have_counted_is_not_lost_with_them()
    {
        using var scoreboard = Scoreboard.Create(2);
        using var worker = OfWorker(scoreboard, 0);
        var gone = default(WorkerFigures) with { Requests = 5, ServerErrors = 1, ClientErrors = 2, Exceptions = 3, BytesIn = 10, BytesOut = 20, TakeOvers = 30 };

        scoreboard.PublishDeparted(Scoreboard.Sum(Scoreboard.Sum(default, gone), gone with { InFlight = 9 }));

        Assert.Equal(default(WorkerFigures) with { Requests = 10, ServerErrors = 2, ClientErrors = 4, Exceptions = 6, BytesIn = 20, BytesOut = 40, TakeOvers = 60 }, worker.Read(1));
    }

    [Fact]
    public void A_worker_killed_in_the_middle_of_a_write_does_not_hang_its_readers()
    {
        using var scoreboard = Scoreboard.Create(1);
        scoreboard.SetPhase(0, 4711, WorkerPhase.Ready);
        scoreboard.Requests(0) = 7;
        MakeSequenceOdd(scoreboard);

        var figures = scoreboard.Read(0);

        Assert.True(figures.IsTorn);
        Assert.Equal(7, figures.Requests);
    }

    [Fact]
    public async Task Pid_and_phase_are_never_seen_half_changed()
    {
        using var scoreboard = Scoreboard.Create(1);
        using var stop = new CancellationTokenSource();
        var writer = Task.Run(() =>
        {
            for (var i = 1; !stop.IsCancellationRequested; i++) scoreboard.SetPhase(0, i, (WorkerPhase)(i % 4));
        });

        // The writer may lose its processor in the middle of a change; then the figures say that they are torn.
        var whole = Enumerable.Range(0, 200_000).Select(_ => scoreboard.Read(0)).Where(figures => !figures.IsTorn).ToArray();
        await stop.CancelAsync();
        await writer;

        Assert.NotEmpty(whole);
        Assert.All(whole, figures => Assert.Equal(figures.Pid % 4, (int)figures.Phase));
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x7f)]
    [InlineData(0x80)]
    [InlineData(0xff)]
    public unsafe void Whatever_a_worker_writes_each_figure_is_one_that_can_be_shown_and_added_up(byte content)
    {
        using var master = Scoreboard.Create(Places);
        Overwrite(master, content);

        WorkerFigures[] all = [.. Enumerable.Range(0, Places - 1).Select(master.Read)];

        Assert.All(all, figures =>
        {
            Assert.True(Enum.IsDefined(figures.Phase));
            _ = DateTimeOffset.FromUnixTimeMilliseconds(figures.StartedAt);
            _ = DateTimeOffset.FromUnixTimeMilliseconds(figures.ReadyAt);
            Assert.All([figures.Pid, figures.Slot, figures.InFlight, figures.Connections, figures.PoolThreads], figure => Assert.InRange(figure, 0, int.MaxValue));
            Assert.All([figures.BeatAt, figures.LastRequestAt, figures.LongestSince, figures.Heap, figures.PoolQueue], figure => Assert.InRange(figure, 0, long.MaxValue / 2));
        });
        // LINQ's sums are checked.
        var gone = all.Concat(all).Aggregate(default(WorkerFigures), (sum, one) => Scoreboard.Sum(sum, one));
        Assert.InRange(all.Append(gone).Sum(figures => figures.BytesOut), 0, long.MaxValue);
        Assert.InRange(all.Append(gone).Sum(figures => figures.Requests), 0, long.MaxValue);
        Assert.InRange(master.PlacesInUse, 0, Places - 1);
    }

    /// <summary>As many as the master has.</summary>
    private const int Places = 2049;

    private static unsafe void Overwrite(Scoreboard scoreboard, byte content)
    {
        var memory = LibC.mmap(null, scoreboard.Places * Scoreboard.PlaceSize, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, scoreboard.Memory.Number, 0);
        new Span<byte>(memory, scoreboard.Places * Scoreboard.PlaceSize).Fill(content);
        LibC.munmap(memory, scoreboard.Places * Scoreboard.PlaceSize);
    }

    /// <summary>A reader of memory that is cut off would be ended by SIGBUS.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(Scoreboard.PlaceSize)]
    [InlineData(100 * Scoreboard.PlaceSize)]
    public void No_holder_of_the_memory_can_change_its_size(long size)
    {
        using var master = Scoreboard.Create(4);

        Assert.Equal(-1, LibC.ftruncate(master.Memory.Number, size));
        Assert.Equal(Errno.EPERM, Errno.Last);
        Assert.Equal(4, master.Places);
    }

    [Fact]
    public void A_worker_maps_its_own_place_writable_and_the_others_not()
    {
        using var master = Scoreboard.Create(4);
        var before = Mappings();
        using var worker = OfWorker(master, 1);

        var made = Mappings().Except(before).ToArray();
        Assert.Equal(4096, Environment.SystemPageSize);
        Assert.Equal([("r--s", 0L, 1L), ("rw-s", 1L, 1L), ("r--s", 2L, 2L)], made.Select(mapping => (mapping.Rights, mapping.Offset / Scoreboard.PlaceSize, mapping.Length / Scoreboard.PlaceSize)));
    }

    // 7f0c1a000000-7f0c1a165000 rw-s 00001000 00:01 1234  /memfd:starletnet-scoreboard (deleted)
    private static (long Start, string Rights, long Offset, long Length)[] Mappings() =>
    [
        .. File.ReadLines("/proc/self/maps").Where(line => line.Contains("memfd:starletnet-scoreboard", StringComparison.Ordinal)).Select(line =>
        {
            var columns = line.Split(' ');
            var range = columns[0].Split('-').Select(text => Convert.ToInt64(text, 16)).ToArray();
            return (range[0], columns[1], Convert.ToInt64(columns[2], 16), range[1] - range[0]);
        }),
    ];

    // What a SIGKILL between the two increments leaves behind: the first word of the place is odd.
    private static unsafe void MakeSequenceOdd(Scoreboard scoreboard)
    {
        var memory = LibC.mmap(null, Scoreboard.PlaceSize, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, scoreboard.Memory.Number, 0);
        *(int*)memory |= 1;
        LibC.munmap(memory, Scoreboard.PlaceSize);
    }

    // The number alone: an owner that nobody keeps would close it once more, in the end, and by then it may be another test's.
    private static Scoreboard OfWorker(Scoreboard master, int place) => Scoreboard.Open(LibC.fcntl(master.Memory.Number, LibC.F_DUPFD_CLOEXEC, 3), place);
}
