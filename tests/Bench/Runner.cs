using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;
using StarletNet.Bench.Scenarios;
using StarletNet.TestKit;

namespace StarletNet.Bench;

/// <summary>Puts every scenario to every peer, round after round, so that a slow moment of the machine meets all alike.</summary>
/// <param name="options">What is asked for.</param>
/// <param name="progress">For people.</param>
/// <param name="record">Told each outcome.</param>
/// <param name="stop">After the measurement that is under way; what has been started is ended.</param>
internal sealed class Runner(BenchOptions options, TextWriter progress, Action<Outcome> record, CancellationToken stop)
{
    private readonly HashSet<string> _said = [];

    /// <summary>Something failed that is no matter of what is installed.</summary>
    internal bool Failed { get; private set; }

    internal async Task RunAsync()
    {
        using var ground = new Ground();
        using var stable = new Stable(ground);
        var bench = new Scenarios.Bench(ground, stable, options.Seconds);
        foreach (var scenario in options.Scenarios)
        {
            await progress.WriteLineAsync($"{scenario.Name}: {scenario.Words}");
            var peers = new List<Peer>();
            foreach (var peer in options.Peers)
            {
                if (stop.IsCancellationRequested) return;
                if (await TryAsync(scenario, peer, () => scenario.PrepareAsync(bench, peer, !options.Quick))) peers.Add(peer);
            }

            if (scenario.Alone) stable.Clear();
            for (var round = 1; round <= options.Rounds; round++) await RoundAsync(bench, scenario, peers, round);
        }
    }

    private async Task RoundAsync(Scenarios.Bench bench, Scenario scenario, List<Peer> peers, int round)
    {
        // Another one begins each time: who comes after whom is not always the same.
        var first = peers.Count == 0 ? 0 : (round - 1) % peers.Count;
        foreach (var peer in peers[first..].Concat(peers[..first]).ToList())
        {
            if (stop.IsCancellationRequested) return;
            var there = await TryAsync(scenario, peer, async () =>
            {
                var outcome = new Outcome(scenario.Name, peer.Name, round, await scenario.RunAsync(bench, peer));
                record(outcome);
                await progress.WriteLineAsync($"  {peer.Name,-22} {Report.Tables.Line(outcome)}");
            });
            if (!there) peers.Remove(peer);
        }
    }

    private async Task<bool> TryAsync(Scenario scenario, Peer peer, Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (NotThereException e)
        {
            await OutAsync(scenario, peer, e.Message);
        }
        catch (TestKitException e)
        {
            // One peer's failure is no reason to throw away what the others gave.
            Failed = true;
            await progress.WriteLineAsync($"{scenario.Name}, {peer.Name}: {e.Message}");
            await OutAsync(scenario, peer, "failed: " + e.Message.Split('\n')[0]);
        }

        return false;
    }

    private async Task OutAsync(Scenario scenario, Peer peer, string reason)
    {
        record(new Outcome(scenario.Name, peer.Name, 0, new Dictionary<Figure, double>(), reason));
        // Said once: a server that cannot be started at all would say so in every scenario.
        if (_said.Add($"{peer.Name} {reason}")) await progress.WriteLineAsync($"  {peer.Name,-22} not there: {reason}");
    }
}
