using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>start_server replaced by its new version, and its command line by another, under load.</summary>
public sealed class UpgradeTests
{
    private const string TakenOver = "^start_server [0-9.]+ \\(pid:[0-9]+\\) has taken over from ";

    [Fact]
    public async Task Upgrades_under_load_lose_nothing_and_restart_nobody()
    {
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        // A copy, so that the file of a running version can be replaced as an installation does it.
        var executable = scratch.File("start_server");
        Install(scratch, executable);
        using var service = new Service(scratch, Transport.Tcp, releases.StarletNet("v1"), executable, "--control", scratch.File("control"));
        await service.FirstGenerationAsync();
        LeaveSignalsToTheQueue(service.Program);
        await using var load = LoadMix.Start(service.Target, seed: 3);
        await load.EveryKindAnsweredAgainAsync();
        var family = Family(service);

        for (var upgrade = 0; upgrade < 3; upgrade++)
        {
            Install(scratch, executable);
            var mark = service.Program.Mark;
            service.Program.Send(UnixSignal.Usr2);
            await service.Program.LineAsync(TakenOver, mark);
            await load.EveryKindAnsweredAgainAsync();
        }
        Assert.Equal(family, Family(service));
        LeaveSignalsToTheQueue(service.Program);

        await service.ReconfigureAsync(releases.StarletNet("v2"), "--port", "127.0.0.1:0", "--path", scratch.File("more"));
        await load.EveryKindAnsweredAgainAsync();
        using (var more = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0))
            await more.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(scratch.File("more")));
        await service.ReconfigureAsync(releases.StarletNet("v3"));
        await load.EveryKindAnsweredAgainAsync();
        Assert.False(Path.Exists(scratch.File("more")));
        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Verdict.NoComplaint(service.Program);
        Assert.Equal(["v1", "v2", "v3"], tally.Versions);
        await service.StopAsync();
    }

    /// <summary>Wherever a HUP falls between the request and the first moments of the new version, a new generation follows it.</summary>
    [Fact]
    public async Task A_hup_at_any_moment_of_an_upgrade_is_not_lost()
    {
        using var scratch = new ScratchDirectory();
        var release = new Releases(scratch).Write("sleep", "exec sleep 1000");
        using var service = new Service(scratch, Transport.Tcp, release, executable: null, "--interval=0");
        await service.FirstGenerationAsync();

        for (var round = 0; round < 20; round++)
        {
            var mark = service.Program.Mark;
            var before = service.Generations.Single();
            service.Program.Send(UnixSignal.Usr2);
            // A trial run and the exec take some ten milliseconds.
            await Task.Delay(round, TestContext.Current.CancellationToken);
            service.Program.Send(UnixSignal.Hup);
            await Eventually.TrueAsync(() => service.Generations is [var only] && only == before + 1, $"generation {before + 1} alone", service.Program.Describe);
            await service.Program.LineAsync(TakenOver, mark);
        }

        await service.StopAsync();
    }

    private static void Install(ScratchDirectory scratch, string executable)
    {
        scratch.Copy(Artifacts.StartServer, executable + ".new");
        File.Move(executable + ".new", executable, overwrite: true);
    }

    private static IReadOnlyList<int> Family(Service service) => [.. service.Program.Family.Select(process => process.Pid)];

    /// <summary>In native code too, no thread of the two programs may take a signal away from the event queue.</summary>
    private static void LeaveSignalsToTheQueue(ProgramUnderTest program)
    {
        const ulong hupTermChld = 0x14001;
        var ours = program.Family.Where(process => process.Command.StartsWith(program.Family[0].Command.Split(' ')[0], StringComparison.Ordinal)
            || process.Command.StartsWith("starletnet master ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, ours.Length);
        foreach (var thread in ours.SelectMany(process => Directory.EnumerateDirectories($"/proc/{process.Pid}/task")))
        {
            var blocked = File.ReadLines($"{thread}/status").Single(line => line.StartsWith("SigBlk:", StringComparison.Ordinal));
            Assert.Equal(hupTermChld, Convert.ToUInt64(blocked[8..], 16) & hupTermChld);
        }
    }
}
