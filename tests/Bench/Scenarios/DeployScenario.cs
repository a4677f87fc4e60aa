using StarletNet.Bench.Load;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;
using StarletNet.TestKit;

namespace StarletNet.Bench.Scenarios;

/// <summary>Load while HUP is sent every second, against the same without. Every error is a lost request.</summary>
internal sealed class DeployScenario() : Scenario("deploys", $"{Clients} connections while HUP comes every second (errors: lost requests)")
{
    private const int Clients = 16;

    internal override bool Alone => true;

    internal override Task PrepareAsync(Bench bench, Peer peer, bool warmUp) => peer.StartDeployable == null
        ? throw new NotThereException("it cannot be replaced under load")
        : bench.Stable.CheckAsync(peer);

    internal override async Task<IReadOnlyDictionary<Figure, double>> RunAsync(Bench bench, Peer peer)
    {
        using var running = await bench.Stable.NewAsync(peer.StartDeployable!, Door.Http);
        var wrk = new Wrk(bench.Ground);
        await wrk.RunAsync(running.Place.Url("/"), Clients, 1);
        var undisturbed = await wrk.RunAsync(running.Place.Url("/"), Clients, bench.Seconds);

        // Three deploys at least, or it would be no test of them.
        var seconds = Math.Max(bench.Seconds, 3);
        var before = ProcessCost.Cpu(running.Program.Family);
        using var load = wrk.Start(running.Place.Url("/"), Clients, seconds);
        for (var second = 0; second < seconds && !load.HasExited; second++)
        {
            running.Program.Send(UnixSignal.Hup);
            await Task.Delay(1000);
        }

        var result = await Wrk.ResultAsync(load, seconds);
        var figures = result.Figures();
        if (undisturbed.Requests > 0) figures[Figure.OwnRate] = result.Rate / undisturbed.Rate;
        // Starting the new processes included: that is what a deploy costs.
        LoadResult.AddCost(figures, ProcessCost.Cpu(running.Program.Family) - before, result);
        return figures;
    }
}
