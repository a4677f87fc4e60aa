using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;
using StarletNet.TestKit;

namespace StarletNet.Bench.Scenarios;

/// <summary>Memory of the hello example at rest: the programs above, the first worker, each further one.</summary>
internal sealed class MemoryScenario() : Scenario("memory", "hello at rest: superdaemon, master, one worker that has answered, each further worker (of four) that waits for its first request")
{
    private const int Several = 4;

    internal override Figure Main => Figure.FurtherWorker;

    internal override bool Alone => true;

    internal override Task PrepareAsync(Bench bench, Peer peer, bool warmUp) => peer.StartHello == null
        ? throw new NotThereException("nothing that another peer does not show")
        : bench.Stable.CheckAsync(peer);

    internal override async Task<IReadOnlyDictionary<Figure, double>> RunAsync(Bench bench, Peer peer)
    {
        var (figures, one) = await MeasureAsync(bench, peer, 1);
        figures[Figure.FirstWorker] = one;
        try
        {
            var (_, several) = await MeasureAsync(bench, peer, Several);
            figures[Figure.FurtherWorker] = (several - one) / (Several - 1);
        }
        catch (NotThereException)
        {
            // One process by nature: it has no further worker.
        }

        return figures;
    }

    private static async Task<(Dictionary<Figure, double> Figures, double Workers)> MeasureAsync(Bench bench, Peer peer, int count)
    {
        using var running = await bench.Stable.NewAsync((ground, place) => peer.StartHello!(ground, place, count), Door.Http);
        var depths = await AtRestAsync(running, peer.Roles, count);
        var figures = new Dictionary<Figure, double>();
        if (peer.Roles.Superdaemon is { } superdaemon) figures[Figure.SuperdaemonMemory] = ProcessCost.ResidentMegabytes(depths[superdaemon].Single());
        if (peer.Roles.Master is { } master) figures[Figure.MasterMemory] = ProcessCost.ResidentMegabytes(depths[master].Single());
        return (figures, ProcessCost.ProportionalMegabytes(depths[peer.Roles.Workers]));
    }

    private static async Task<ILookup<int, ProcessEntry>> AtRestAsync(RunningPeer running, Roles roles, int count)
    {
        await Eventually.TrueAsync(() => ByDepth(running.Program)[roles.Workers].Count() == count, $"{count} workers", running.Program.Describe);
        // One of them has answered the request that asked whether the server is up, the others none; what a worker needs more
        // once it has had much to do is in the scenarios of load.
        await Task.Delay(2000);
        return ByDepth(running.Program);
    }

    private static ILookup<int, ProcessEntry> ByDepth(ProgramUnderTest program)
    {
        var family = program.Family.ToDictionary(process => process.Pid);
        return family.Values.ToLookup(Depth);

        int Depth(ProcessEntry process) => process.Pid == program.Pid || !family.TryGetValue(process.Parent, out var parent) ? 0 : 1 + Depth(parent);
    }
}
