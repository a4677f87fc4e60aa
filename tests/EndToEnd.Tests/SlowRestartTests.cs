using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Starlet's slow restart: <c>start_server --signal-on-hup=USR1 … starletnet --spawn-interval N</c>. The capacity stays about constant.</summary>
public sealed class SlowRestartTests
{
    private const int Workers = 3;
    private const double Interval = 0.4;

    [Fact]
    public async Task Old_workers_leave_one_by_one_while_new_ones_come_and_nothing_is_lost()
    {
        using var scratch = new ScratchDirectory();
        var releases = new Releases(scratch);
        var options = $"-w {Workers} --spawn-interval {Interval}";
        using var service = new Service(scratch, Transport.Tcp, releases.StarletNet("v1", options), null, "--signal-on-hup=USR1");
        await service.FirstGenerationAsync();
        for (var slot = 0; slot < Workers; slot++) await service.Program.LineAsync($@"worker {slot} \(pid \d+, generation 1\) is ready");
        await using var load = LoadMix.Start(service.Target, seed: 12, LoadCounts.None with { Busy = 2, NewConnection = 2, SlowIdle = 4 });
        await load.EveryKindAnsweredAgainAsync();
        var mark = service.Program.Mark;

        await service.DeployAsync(releases.StarletNet("v2", options));

        await load.EveryKindAnsweredAgainAsync();
        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, service.Program);
        Assert.Equal(["v1", "v2"], tally.Versions);
        var lines = service.Program.Lines.Skip(mark).ToArray();
        // The new generation counts with its first worker; then the old one begins to go.
        Assert.InRange(IndexOf(lines, $"with the first of {Workers} workers"), 0, IndexOf(lines, $"stopping in stages .*: one of {Workers} workers each {Interval} s"));
        var leaving = lines.Where(line => line.Text.EndsWith("drains: stop", StringComparison.Ordinal)).ToArray();
        Assert.Equal(["0", "1", "2"], leaving.Select(line => Regex.Match(line.Text, @"worker (\d)").Groups[1].Value));
        // The lines are timed by who reads them, which may be late for one of them.
        Assert.InRange((leaving[^1].At - leaving[0].At).TotalSeconds, ((Workers - 1) * Interval) - 0.1, 60);
        await service.StopAsync();
    }

    private static int IndexOf(OutputLine[] lines, string pattern) => Array.FindIndex(lines, line => Regex.IsMatch(line.Text, pattern));
}
