using StarletNet.Bench.Load;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;

namespace StarletNet.Bench.Scenarios;

/// <summary>A load for some seconds: rate, latency, errors, and what the server's processes cost.</summary>
internal sealed class LoadScenario(string name, string words, Door door, int connections, Func<Bench, Place, int, Task<LoadResult>> load)
    : Scenario(name, words)
{
    /// <summary>Requests carry bodies.</summary>
    private bool Bodies { get; init; }

    /// <summary>Asks what only the bench application itself has.</summary>
    private bool OfApplication { get; init; }

    /// <summary>wrk corrects latencies for what a client could not ask meanwhile, and so wrongly when a client asks several things at once.</summary>
    private bool Latencies { get; init; } = true;

    internal override async Task PrepareAsync(Bench bench, Peer peer, bool warmUp)
    {
        if (OfApplication && !peer.RunsApplication) throw new NotThereException("it does not run ASP.NET Core applications");
        if (Bodies && !peer.ReadsBodies) throw new NotThereException("it answers without reading bodies");
        if (connections > peer.MostConnections) throw new NotThereException($"a process per connection, and it has {peer.MostConnections}");
        var cold = !bench.Stable.Has(peer, door);
        var running = await bench.Stable.OfAsync(peer, door);
        // Even in a quick run: what a server does in its first second on a new kind of connection is compile.
        if (warmUp || cold) await load(bench, running.Place, 1);
    }

    internal override async Task<IReadOnlyDictionary<Figure, double>> RunAsync(Bench bench, Peer peer)
    {
        var running = await bench.Stable.OfAsync(peer, door);
        var before = ProcessCost.Cpu(running.Program.Family);
        var result = await load(bench, running.Place, bench.Seconds);
        var after = running.Program.Family;
        var figures = result.Figures();
        if (!Latencies) foreach (var latency in new[] { Figure.Half, Figure.P99, Figure.P999 }) figures.Remove(latency);
        LoadResult.AddCost(figures, ProcessCost.Cpu(after) - before, result);
        figures[Figure.Memory] = ProcessCost.ProportionalMegabytes(after);
        return figures;
    }

    internal static LoadScenario Wrk(string name, string words, int connections, string path, string request = "", Door door = Door.Http,
        bool bodies = false, bool latencies = true) =>
        new(name, words, door, connections, (bench, place, seconds) => new Wrk(bench.Ground).RunAsync(place.Url(path), connections, seconds, request))
        {
            Bodies = bodies,
            Latencies = latencies,
        };

    /// <summary>Of what applications do; plain Kestrel is the only other one to ask.</summary>
    internal static LoadScenario OfApplications(string name, string words, int connections, string path, string request = "", bool isQuick = false) =>
        new(name, words, Door.Http, connections, (bench, place, seconds) => new Wrk(bench.Ground).RunAsync(place.Url(path), connections, seconds, request))
        {
            OfApplication = true,
            IsQuick = isQuick,
        };

    internal static LoadScenario H2Load(string name, string words, Door door, int connections, params string[] options) =>
        new(name, words, door, connections, (bench, place, seconds) => new H2Load(bench.Ground).RunAsync(place, seconds, [$"-c{connections}", .. options]));
}
