using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>starletnet without start_server: HUP replaces the workers one by one.</summary>
public sealed class StarletNetRestartTests
{
    private const int Deploys = 3;

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    [InlineData(Transport.Tcp, 2, "--reuse-port")]
    [InlineData(Transport.Tcp, 1, "--loops=2")]
    public async Task Restarts_under_load_lose_nothing(Transport transport, int workers = 2, params string[] options)
    {
        using var scratch = new ScratchDirectory();
        string[] builds = [Artifacts.TestApp("TestApp", "1.0.1"), Artifacts.TestApp("TestApp", "1.0.2")];
        using var service = new StarletNetService(scratch, Listening.On(transport, scratch), builds[0], workers, options);
        await Browser.ServingAsync(service.Target, service.Program);
        await using var load = LoadMix.Start(service.Target, seed: 3);
        await load.EveryKindAnsweredAgainAsync();

        for (var deploy = 1; deploy <= Deploys; deploy++)
        {
            await service.DeployAsync(builds[deploy % 2]);
            await load.EveryKindAnsweredAgainAsync();
        }

        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Verdict.NoComplaint(service.Program);
        Verdict.ToldToClose(tally, "keep-alive busy", "keep-alive slow-idle", "slow answer", "pipelined", "WebSocket");
        Assert.Equal(["1.0.1.0", "1.0.2.0"], tally.Versions);
        Assert.True(tally.Pids.Count > Deploys, tally.ToString());
        await service.StopAsync();
    }

    [Fact]
    public async Task Restarts_lose_nothing_over_http2()
    {
        using var scratch = new ScratchDirectory();
        string[] builds = [Artifacts.TestApp("TestApp", "1.0.1"), Artifacts.TestApp("TestApp", "1.0.2")];
        using var service = new StarletNetService(scratch, Listening.On(Transport.Tcp, scratch).WithHttp2(), builds[0]);
        await service.Program.LineAsync("serving .* with 2 workers");
        await using var load = LoadMix.Start(service.Target, seed: 8, LoadCounts.None with { Http2 = 4 });
        await load.EveryKindAnsweredAgainAsync(100);

        for (var deploy = 1; deploy <= Deploys; deploy++)
        {
            await service.DeployAsync(builds[deploy % 2]);
            await load.EveryKindAnsweredAgainAsync(100);
        }

        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Assert.Equal(["1.0.1.0", "1.0.2.0"], tally.Versions);
        await service.StopAsync();
    }

    /// <summary>Also of clients whose keep-alive connection never ends by itself.</summary>
    [Fact]
    public async Task Workers_that_have_answered_their_share_are_replaced_under_load_and_lose_nothing()
    {
        using var scratch = new ScratchDirectory();
        using var service = new StarletNetService(scratch, Listening.On(Transport.Tcp, scratch), Artifacts.TestApp("TestApp", "1.0.1"), "--max-reqs-per-child=300", "--min-reqs-per-child=200");
        await Browser.ServingAsync(service.Target, service.Program);
        await using var load = LoadMix.Start(service.Target, seed: 9);

        for (int replaced = 0, since = 0; replaced < 3; replaced++, since = service.Program.Mark)
        {
            await service.Program.LineAsync("is to be replaced: it has answered its share of requests", since);
            await service.Program.LineAsync("has left: exit code 0", since);
            await load.EveryKindAnsweredAgainAsync();
        }

        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Verdict.NoComplaint(service.Program);
        Verdict.ToldToClose(tally, "keep-alive busy");
        await service.StopAsync();
    }

    [Fact]
    public async Task A_build_that_cannot_boot_leaves_the_old_workers_serving_and_the_next_one_works()
    {
        using var scratch = new ScratchDirectory();
        using var service = new StarletNetService(scratch, Transport.Tcp, Artifacts.TestApp("TestApp", "1.0.1"));
        await Browser.ServingAsync(service.Target, service.Program);
        await service.AllWorkersAsync();
        var workers = service.Workers;
        await using var load = LoadMix.Start(service.Target, seed: 4);

        service.Request(BrokenBuild(scratch));
        await service.Program.LineAsync("BadImageFormat|not a valid|invalid");
        await load.EveryKindAnsweredAgainAsync();
        Assert.Equal(["1.0.1.0"], load.Tally.Versions);
        Assert.Superset(workers.ToHashSet(), service.Workers.ToHashSet());

        service.Request(Artifacts.TestApp("TestApp", "1.0.2"));
        await service.ReplacedAsync(workers);
        await load.EveryKindAnsweredAgainAsync();
        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Assert.Equal(["1.0.1.0", "1.0.2.0"], tally.Versions);
        await service.StopAsync();
    }

    /// <summary>A published application whose own assembly was damaged on the way.</summary>
    private static string BrokenBuild(ScratchDirectory scratch)
    {
        var broken = Directory.CreateDirectory(scratch.File("broken")).FullName;
        foreach (var file in Directory.EnumerateFiles(Artifacts.TestApp("TestApp", "1.0.1"))) File.Copy(file, Path.Combine(broken, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(broken, "TestApp.dll"), "damaged");
        return broken;
    }
}
