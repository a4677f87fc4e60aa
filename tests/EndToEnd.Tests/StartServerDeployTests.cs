using System.Globalization;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>start_server and starletnet, deployed again and again under every kind of client.</summary>
public sealed class StartServerDeployTests(ITestOutputHelper output)
{
    private const int Deploys = 3;

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Deploys_under_load_lose_nothing(Transport transport)
    {
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        using var service = new Service(scratch, transport, releases.StarletNet("v1"));
        await service.FirstGenerationAsync();
        await using var load = LoadMix.Start(service.Target, seed: 1);
        await load.EveryKindAnsweredAgainAsync();

        for (var deploy = 1; deploy <= Deploys; deploy++)
        {
            await service.DeployAsync(releases.StarletNet($"v{deploy + 1}"));
            await load.EveryKindAnsweredAgainAsync();
        }

        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Verdict.NoComplaint(service.Program);
        Verdict.ToldToClose(tally, "keep-alive busy", "keep-alive slow-idle", "slow answer", "pipelined", "WebSocket");
        Assert.Equal(Enumerable.Range(1, Deploys + 1).Select(n => $"v{n}"), tally.Versions);
        await service.StopAsync();
    }

    /// <summary>The application in the place of starletnet, told to drain by start_server itself.</summary>
    [Fact]
    public async Task Deploys_without_a_master_lose_nothing()
    {
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        using var service = new Service(scratch, Transport.Tcp, releases.StarletNet("v1", "--max-workers=0"), null, "--ready=notify");
        await service.FirstGenerationAsync();
        await using var load = LoadMix.Start(service.Target, seed: 6);
        await load.EveryKindAnsweredAgainAsync();

        await service.DeployAsync(releases.StarletNet("v2", "--max-workers=0"));

        await load.EveryKindAnsweredAgainAsync();
        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Assert.Equal(["v1", "v2"], tally.Versions);
        Assert.Equal(2, tally.Pids.Count);
        await service.StopAsync();
    }

    /// <summary>Starman's TERM stops fast, so start_server has to be told to send what its graceful stop is.</summary>
    [Fact]
    public async Task Deploys_in_the_manner_of_starman_lose_nothing_with_quit()
    {
        // The preset's second for an idle connection is shorter than some of the clients pause, and no part of a deploy.
        const string options = "--preset=starman --max-workers=2 --keepalive-timeout=60 --drain-keepalive=5";
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        using var service = new Service(scratch, Transport.Tcp, releases.StarletNet("v1", options), null, "--signal-on-hup=QUIT", "--signal-on-term=QUIT");
        await service.FirstGenerationAsync();
        await using var load = LoadMix.Start(service.Target, seed: 7);
        await load.EveryKindAnsweredAgainAsync();

        await service.DeployAsync(releases.StarletNet("v2", options));

        await load.EveryKindAnsweredAgainAsync();
        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Assert.Equal(["v1", "v2"], tally.Versions);
        await service.StopAsync();
    }

    [Fact]
    public async Task Hups_in_quick_succession_lose_nothing()
    {
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        using var service = new Service(scratch, Transport.Tcp, releases.StarletNet("v1"));
        await service.FirstGenerationAsync();
        await using var load = LoadMix.Start(service.Target, seed: 2);
        await load.EveryKindAnsweredAgainAsync();

        foreach (var version in new[] { "v2", "v3", "v4" })
        {
            service.Request(releases.StarletNet(version));
            service.Program.Send(UnixSignal.Hup);
        }

        await Eventually.TrueAsync(() => load.Tally.Versions.Contains("v4"), "the last version serves", service.Program.Describe);
        await Eventually.TrueAsync(() => service.Generations.Count == 1, "a single generation", service.Program.Describe);
        await load.EveryKindAnsweredAgainAsync();
        Verdict.NothingLost(await load.StopAsync(), service.Program);
        Assert.Contains("version v4", await Browser.GetAsync(service.Target, "/"), StringComparison.Ordinal);
        await service.StopAsync();
    }

    /// <summary>The method of Starlet's own test, with new and kept connections. Short here; <c>STARLETNET_STRESS_SECONDS=60</c> makes it long.</summary>
    [Fact]
    public async Task A_hup_each_second_under_twenty_new_and_twenty_kept_connections_loses_nothing()
    {
        var seconds = Environment.GetEnvironmentVariable("STARLETNET_STRESS_SECONDS") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : 5;
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        using var service = new Service(scratch, Transport.Tcp, releases.StarletNet("v0"), null, "--interval=0", "--ready=notify");
        await service.FirstGenerationAsync();
        await using var load = LoadMix.Start(service.Target, seed: 10, LoadCounts.None with { NewConnection = 20, Busy = 20 });
        await load.EveryKindAnsweredAgainAsync();

        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var deploy = 1; deploy <= seconds; deploy++)
        {
            service.Request(releases.StarletNet($"v{deploy}"));
            await second.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        // A machine that is too busy for a start each second passes some by, never the last one.
        await Eventually.TrueAsync(() => load.Tally.Versions.Contains($"v{seconds}"), "the last version serves", service.Program.Describe);
        await Eventually.TrueAsync(() => service.Generations.Count == 1, "a single generation", service.Program.Describe);
        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Verdict.NoComplaint(service.Program);
        output.WriteLine($"{service.Generations[0]} generations\n{tally}");
        Assert.InRange(service.Generations[0], 3, seconds + 1);
        await service.StopAsync();
    }

    [Fact]
    public async Task A_worker_killed_by_somebody_is_replaced()
    {
        using var scratch = new ScratchDirectory();
        using var service = new Service(scratch, Transport.Tcp, new Releases(scratch).StarletNet("v1"));
        await service.FirstGenerationAsync();
        var worker = await WorkerAsync(service);

        worker.Send(UnixSignal.Kill);

        await Eventually.TrueAsync(
            () => service.Program.Family.Count(p => p.Parent == worker.Parent && p.Pid != worker.Pid) == 2,
            "two workers again", service.Program.Describe);
        Assert.Contains("version v1", await Browser.GetAsync(service.Target, "/"), StringComparison.Ordinal);
        Assert.Equal([1], service.Generations);
        await service.StopAsync();
    }

    [Fact]
    public async Task Workers_finish_and_leave_when_their_master_is_killed()
    {
        using var scratch = new ScratchDirectory();
        // For idle connections an orphan does not take the time that a drain has.
        using var service = new Service(scratch, Transport.Tcp, new Releases(scratch).StarletNet("v1", "--max-workers=2 --drain-keepalive=1h --graceful-timeout=0"));
        await service.FirstGenerationAsync();
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        using var idle = await WireConnection.ConnectAsync(service.Target, deadline.Token);
        var answer = await idle.AskAsync($"GET /pid HTTP/1.1\r\nHost: {service.Target.HostHeader}\r\n\r\n", deadline.Token);
        var worker = ProcessEntry.Read(int.Parse(answer.Text))!;
        var slow = Browser.GetAsync(service.Target, "/slow?ms=1000");

        ProcessEntry.Read(worker.Parent)!.Send(UnixSignal.Kill);

        Assert.Equal("slow\n", await slow);
        await Eventually.TrueAsync(() => ProcessEntry.Read(worker.Pid) is null, "the worker has left", service.Program.Describe);
        // start_server has meanwhile started another generation.
        Assert.Contains("version v1", await Browser.GetAsync(service.Target, "/"), StringComparison.Ordinal);
        await service.StopAsync();
    }

    /// <summary>
    /// An orphan looks into the accept queue once more when the superdaemon has already turned to the next generation: what
    /// is done to the shared listener for that one's sake must not hold the orphan.
    /// </summary>
    [Fact]
    public async Task An_orphaned_worker_leaves_even_if_it_notices_late()
    {
        using var scratch = new ScratchDirectory();
        using var service = new Service(scratch, Transport.Tcp, new Releases(scratch).StarletNet("v1"));
        await service.FirstGenerationAsync();
        var worker = await WorkerAsync(service);
        var mark = service.Program.Mark;

        worker.Send(UnixSignal.Stop);
        ProcessEntry.Read(worker.Parent)!.Send(UnixSignal.Kill);
        await service.Program.LineAsync("^starting new worker", mark);
        worker.Send(UnixSignal.Cont);

        await Eventually.TrueAsync(() => ProcessEntry.Read(worker.Pid) is null, "the worker has left", service.Program.Describe);
        await service.StopAsync();
    }

    private static async Task<ProcessEntry> WorkerAsync(Service service) =>
        ProcessEntry.Read(int.Parse(await Browser.GetAsync(service.Target, "/pid")))!;
}
