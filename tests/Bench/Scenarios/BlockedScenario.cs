using StarletNet.Bench.Load;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;

namespace StarletNet.Bench.Scenarios;

/// <summary>Ordinary clients while others call a handler that sleeps 100 ms on its thread; against themselves without those.</summary>
internal sealed class BlockedScenario(int blockers)
    : Scenario($"blocked-{blockers}", $"{Clients} connections while {blockers} others call a handler that blocks 100 ms")
{
    private const int Clients = 8;

    internal override async Task PrepareAsync(Bench bench, Peer peer, bool warmUp)
    {
        if (!peer.CanBlock) throw new NotThereException("it has no handlers that could block");
        if (Clients + blockers > peer.MostConnections) throw new NotThereException($"a process per connection, and it has {peer.MostConnections}");
        var running = await bench.Stable.OfAsync(peer, Door.Http);
        if (warmUp) await new Wrk(bench.Ground).RunAsync(running.Place.Url("/"), Clients, 1);
    }

    internal override async Task<IReadOnlyDictionary<Figure, double>> RunAsync(Bench bench, Peer peer)
    {
        var running = await bench.Stable.OfAsync(peer, Door.Http);
        var wrk = new Wrk(bench.Ground);
        var undisturbed = await wrk.RunAsync(running.Place.Url("/"), Clients, bench.Seconds);
        // Longer than the clients at both ends; it ends when it is disposed of.
        using var disturbance = wrk.Start(running.Place.Url("/block"), blockers, bench.Seconds + 30);
        await Task.Delay(200);
        var result = await wrk.RunAsync(running.Place.Url("/"), Clients, bench.Seconds);
        var figures = result.Figures();
        if (undisturbed.Requests > 0) figures[Figure.OwnRate] = result.Rate / undisturbed.Rate;
        return figures;
    }
}
