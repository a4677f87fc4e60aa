using System.Text;
using System.Text.Json;
using StarletNet.Master.Observing;
using StarletNet.Master.Pool;
using StarletNet.Master.Status;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Tests.Observing;

public sealed class ReportTests
{
    private static readonly WorkerFigures Busy = new(100, Shared.Contract.WorkerPhase.Ready, 1000, 3, 7, false)
    {
        ClientErrors = 4,
        ServerErrors = 5,
        Exceptions = 6,
        BytesIn = 2048,
        BytesOut = 5_000_000,
        TakeOvers = 44,
        Heap = 20 << 20,
        PoolThreads = 8,
        PoolQueue = 2,
        StartedAt = DateTimeOffset.UtcNow.AddSeconds(-100).ToUnixTimeMilliseconds(),
        ReadyAt = DateTimeOffset.UtcNow.AddSeconds(-90).ToUnixTimeMilliseconds(),
        BeatAt = Environment.TickCount64,
        Longest = "GET /slow\u001b[31m",
        LongestSince = Environment.TickCount64 - 12_000,
    };

    private static StatusReport Report(params WorkerReport[] workers)
    {
        var counters = new PoolCounters();
        counters.CountStart();
        counters.Hear(new PoolNotice.RestartBegun(3, 2, 1));
        return new StatusReport("serving", 3, 2, "/srv/app.dll", ["127.0.0.1:5000"], counters, default(WorkerFigures) with { Requests = 50, ServerErrors = 1 }, workers);
    }

    private static WorkerReport Worker(int slot, int pid, WorkerState state, WorkerFigures figures, string? leaves = null) =>
        new(slot, pid, 3, state, leaves, figures, new ProcessUse(30 << 20, TimeSpan.FromSeconds(1.5)));

    private static string Json(StatusReport report) => Encoding.UTF8.GetString(StatusJson.Line(report, DateTimeOffset.UtcNow.AddSeconds(-120)));

    private static Look Look(StatusReport report, long at = 0) => new(JsonDocument.Parse(Json(report)).RootElement, at);

    [Theory]
    [InlineData("Starting", "", 0, 'S')]
    [InlineData("Ready", "", 0, '_')]
    [InlineData("Ready", "", 1, 'B')]
    [InlineData("Ready", "Memory", 0, '_')]
    [InlineData("Ready", "Stuck", 1, 'K')]
    [InlineData("Draining", "Stuck", 1, 'K')]
    [InlineData("Draining", "Stop", 1, 'D')]
    public void The_letter_says_what_a_worker_is_up_to(string phase, string leaves, int inFlight, char letter)
    {
        var worker = new Worker(1, 0, 1, TimeSpan.Zero)
        {
            Phase = Enum.Parse<StarletNet.Master.Pool.WorkerPhase>(phase),
            Leaves = leaves.Length > 0 ? Enum.Parse<RetireReason>(leaves) : null,
        };

        Assert.Equal((WorkerState)letter, WorkerReport.Of(worker, Environment.ProcessId, default(WorkerFigures) with { InFlight = inFlight }).State);
    }

    [Fact]
    public void Totals_hold_those_that_are_gone_too()
    {
        var totals = JsonDocument.Parse(Json(Report(Worker(0, 10, WorkerState.Busy, Busy), Worker(1, 11, WorkerState.Idle, Busy)))).RootElement.GetProperty("totals");

        Assert.Equal(2050, totals.GetProperty("requests").GetInt64());
        Assert.Equal(11, totals.GetProperty("serverErrors").GetInt64());
        Assert.Equal(6, totals.GetProperty("inFlight").GetInt64());
    }

    [Fact]
    public void Of_each_worker_it_is_told_how_often_its_loop_was_taken_over() =>
        Assert.Equal(44, JsonDocument.Parse(Json(Report(Worker(0, 10, WorkerState.Busy, Busy)))).RootElement.GetProperty("workers")[0].GetProperty("loopTakeOvers").GetInt64());

    [Fact]
    public void Of_each_worker_it_is_told_after_how_many_requests_it_is_replaced()
    {
        var report = Report(Worker(0, 10, WorkerState.Busy, Busy) with { MaxRequests = 1234 }, Worker(1, 11, WorkerState.Idle, Busy));

        var workers = JsonDocument.Parse(Json(report)).RootElement.GetProperty("workers");
        Assert.Equal(1234, workers[0].GetProperty("maxRequests").GetInt32());
        Assert.False(workers[1].TryGetProperty("maxRequests", out _));
        Assert.Contains(" 1000/1234 ", StatusTable.Of(Look(report), null));
    }

    [Fact]
    public void The_table_is_aligned_and_carries_no_commands_to_the_terminal()
    {
        var table = StatusTable.Of(Look(Report(Worker(0, 10, WorkerState.Busy, Busy), Worker(10, 123456, WorkerState.Draining, Busy, "memory"))), null);

        Assert.Contains("1 of 2 workers ready [BD]", table);
        Assert.DoesNotContain('\u001b', table);
        var rows = table.Split('\n').SkipWhile(line => line.Length > 0).Skip(1).Take(3).ToArray();
        Assert.StartsWith("SLOT ", rows[0]);
        Assert.Contains("draining (memory)", rows[2]);
        Assert.Matches(@" 1[23]\.\ds GET /slow\?\[31m$", rows[1]);
        // Numbers end where their heading ends.
        Assert.Equal(rows[0].IndexOf("REQUESTS", StringComparison.Ordinal) + 8, rows[2].IndexOf(" 1000 ", StringComparison.Ordinal) + 5);
        Assert.Contains(" 4.8M ", rows[1]);
        Assert.Contains(" 8+2 ", rows[1]);
    }

    [Fact]
    public void Between_two_looks_rates_are_of_the_time_between()
    {
        var first = Look(Report(Worker(0, 10, WorkerState.Busy, Busy)));
        var second = Look(Report(Worker(0, 10, WorkerState.Busy, Busy with { Requests = 1500 })), 2 * System.Diagnostics.Stopwatch.Frequency);

        Assert.Contains("1550 requests (250/s)", StatusTable.Of(second, first));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(999, "999")]
    [InlineData(1000, "1.0K")]
    [InlineData(1 << 20, "1.0M")]
    [InlineData(long.MaxValue, "8192P")]
    public void Sizes_are_short(long bytes, string text) => Assert.Equal(text, StatusTable.Size(bytes));

    [Fact]
    public void Metrics_keep_the_grammar_and_the_conventions()
    {
        var page = Encoding.UTF8.GetString(MetricsPage.Of(Report(Worker(0, 10, WorkerState.Busy, Busy), Worker(1, 11, WorkerState.Idle, Busy)), DateTimeOffset.UtcNow));

        var metrics = PrometheusText.Parse(page);

        Assert.All(metrics.Types.Keys, name => Assert.StartsWith("starletnet_", name));
        Assert.Equal(1, metrics.Samples["starletnet_release_info{path=\"/srv/app.dll\"}"]);
        Assert.Equal(2050, metrics.Samples["starletnet_requests_total"]);
        Assert.Equal(11, metrics.Samples["starletnet_error_responses_total{class=\"5xx\"}"]);
        Assert.Equal(88, metrics.Samples["starletnet_loop_takeovers_total"]);
        Assert.Equal(1, metrics.Samples["starletnet_workers{state=\"busy\"}"]);
        Assert.Equal(0, metrics.Samples["starletnet_workers{state=\"stuck\"}"]);
        Assert.Equal(1.5, metrics.Samples["starletnet_worker_cpu_seconds_total{slot=\"1\",pid=\"11\"}"]);
        Assert.InRange(metrics.Samples["starletnet_worker_longest_request_seconds{slot=\"0\",pid=\"10\"}"], 12, 1000);
    }

    [Fact]
    public void Masters_are_found_in_the_kernels_list()
    {
        string[] list =
        [
            "Num       RefCount Protocol Flags    Type St Inode Path",
            "00000000e1: 00000002 00000000 00010000 0001 01 100 @starletnet/42",
            "00000000e2: 00000003 00000000 00000000 0001 03 101 @starletnet/43",
            "00000000e3: 00000002 00000000 00010000 0001 01 102 /run/starletnet/44",
            "00000000e4: 00000002 00000000 00010000 0001 01 103 @starletnet/x",
            "00000000e5: 00000002 00000000 00010000 0001 01 104",
            "00000000e6: 00000002 00000000 00010000 0001 01 105 @starletnet/7",
        ];

        Assert.Equal([7, 42], RunningMasters.Of(list));
    }
}
