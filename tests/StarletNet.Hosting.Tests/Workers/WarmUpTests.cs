using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>--warmup, as the worker sees it.</summary>
public sealed class WarmUpTests
{
    private static WorkerSetup Setup(string paths, string milliseconds = "60000") => new(SampleApp.TestApp)
    {
        Environment = new Dictionary<string, string> { [EnvironmentNames.WarmUp] = paths, [EnvironmentNames.WarmUpTime] = milliseconds },
    };

    private static async Task BecomesReady(WorkerUnderTest worker, string paths)
    {
        Assert.Equal($"{ControlMessage.Unready} it warms up (--warmup {paths})", await worker.NextMessage());
        Assert.Equal(ControlMessage.Ready, await worker.NextMessage());
    }

    [Fact]
    public async Task The_application_is_asked_before_its_first_user_and_nothing_of_it_is_counted_or_logged()
    {
        using var scratch = new ScratchDirectory();
        using var log = new FileDescriptor(LibC.open(scratch.File("access.log"), LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC, 0b110_100_100));
        using var scoreboard = Scoreboard.Create(1);
        await using var worker = WorkerUnderTest.Start(Setup("/ready,/nowhere") with { AccessLog = log, Scoreboard = scoreboard });
        await BecomesReady(worker, "/ready,/nowhere");

        using var user = worker.Connect();
        await user.Get("/ready");

        // The third time that it is asked, and later, the application answers 200.
        Assert.Equal(200, (await user.Response()).Status);
        await Eventually.TrueAsync(() => File.ReadAllLines(scratch.File("access.log")).Length > 0, "the user's request is in the log");
        Assert.Contains("\"GET /ready HTTP/1.1\" 200", Assert.Single(File.ReadAllLines(scratch.File("access.log"))), StringComparison.Ordinal);
        Assert.Equal(1, scoreboard.Read(0)!.Requests);
        Assert.Equal(0, scoreboard.Read(0)!.ClientErrors);
        await worker.OutputLine("Warmed up with ");
        Assert.Contains("Warming up: GET /nowhere (--warmup) gives status 404", worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_whose_listener_speaks_tls_warms_up_as_well()
    {
        await using var worker = WorkerUnderTest.Start(Setup("/secure") with { Tls = TestCertificates.Usual });
        await BecomesReady(worker, "/secure");

        await worker.OutputLine("Warmed up with ");
        Assert.DoesNotContain("Warming up: ", worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_speaks_http2_alone_warms_up_as_well()
    {
        await using var worker = WorkerUnderTest.Start(Setup("/,/throw") with { Http = HttpVersions.Http2 });
        await BecomesReady(worker, "/,/throw");

        await worker.OutputLine("Warming up: GET /throw (--warmup) gives InvalidOperationException: thrown");
        await worker.OutputLine("Warmed up with ");
    }

    [Fact]
    public async Task A_page_that_takes_too_long_is_given_up_and_the_worker_serves()
    {
        await using var worker = WorkerUnderTest.Start(Setup("/slow?ms=600000", "300"));
        await BecomesReady(worker, "/slow?ms=600000");
    }

    [Fact]
    public async Task One_that_warms_up_leaves_when_it_is_told_to()
    {
        await using var worker = WorkerUnderTest.Start(Setup("/slow?ms=600000"));
        await worker.NextMessage();

        worker.Tell(ControlMessage.Drain);

        Assert.Equal(ControlMessage.Draining, await worker.NextMessage());
        Assert.Equal(0, await worker.Exit());
    }

    [Fact]
    public async Task Paths_that_are_answered_most_are_reported()
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp)
        {
            Environment = new Dictionary<string, string> { [EnvironmentNames.WarmUpCount] = "1", [EnvironmentNames.Heartbeat] = "100" },
        });
        using var user = worker.Connect();
        foreach (var path in new[] { "/pid", "/nowhere", "/say?text=x", "/" })
        {
            await user.Get(path);
            await user.Response();
        }

        // The report comes within seconds, and again while the table grows.
        string message;
        do message = (await worker.NextMessage())!;
        while (message != $"{ControlMessage.Paths} /,/pid");
    }
}
