using StarletNet.Bench.Load;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;
using StarletNet.TestKit;

namespace StarletNet.Bench.Scenarios;

/// <summary>What a kept-alive connection costs that only waits, and what busy ones get beside many of them.</summary>
internal sealed class IdleScenario(int count)
    : Scenario($"idle-{count}", $"{count} kept-alive connections that wait, and 32 busy ones beside them")
{
    internal override Figure Main => Figure.PerConnection;

    internal override bool Alone => true;

    internal override Task PrepareAsync(Bench bench, Peer peer, bool warmUp) => count > peer.MostConnections
        ? throw new NotThereException($"a process per connection, and it has {peer.MostConnections}")
        : bench.Stable.CheckAsync(peer);

    internal override async Task<IReadOnlyDictionary<Figure, double>> RunAsync(Bench bench, Peer peer)
    {
        // A fresh one: memory that an earlier scenario made it keep would be counted for less.
        using var running = await bench.Stable.NewAsync(peer.Start, Door.Http);
        var wrk = new Wrk(bench.Ground);
        await wrk.RunAsync(running.Place.Url("/"), 32, 1);
        var before = ProcessCost.ProportionalMegabytes(running.Program.Family);
        using var clients = await IdleClients.OpenAsync(running.Place.Target, count);
        // Buffers that are given back late are not the connections' own.
        await Task.Delay(2000);
        var with = ProcessCost.ProportionalMegabytes(running.Program.Family);
        var result = await wrk.RunAsync(running.Place.Url("/"), 32, bench.Seconds);
        var figures = result.Figures();
        figures[Figure.Errors] += clients.Closed();
        figures[Figure.Memory] = with;
        figures[Figure.PerConnection] = (with - before) * 1024 / count;
        return figures;
    }
}
