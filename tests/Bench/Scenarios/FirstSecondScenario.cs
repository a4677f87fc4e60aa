using StarletNet.Bench.Load;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;

namespace StarletNet.Bench.Scenarios;

/// <summary>
/// A real page (<see cref="Ground.PagePath"/>) in the first second after a deploy, against the seconds before it. New workers compile their code while
/// users wait, unless they have warmed up.
/// </summary>
/// <param name="name">Of the scenario.</param>
/// <param name="how">With which options of starletnet.</param>
/// <param name="options">Those options.</param>
internal sealed class FirstSecondScenario(string name, string how, params string[] options)
    : Scenario(name, $"login page of the SDK's Identity template, {Clients} connections: the first second after a deploy, {how}")
{
    private const int Clients = 4;

    internal override Figure Main => Figure.OwnP99;

    internal override bool Alone => true;

    internal override Task PrepareAsync(Bench bench, Peer peer, bool warmUp)
    {
        if (peer.StartPageDeployable is null) throw new NotThereException("it has no workers to warm up");
        _ = bench.Ground.Page;
        return Task.CompletedTask;
    }

    internal override async Task<IReadOnlyDictionary<Figure, double>> RunAsync(Bench bench, Peer peer)
    {
        using var running = await bench.Stable.NewAsync((ground, place) => peer.StartPageDeployable!(ground, place, options), Door.Http);
        var wrk = new Wrk(bench.Ground);
        var url = running.Place.Url(Ground.PagePath);
        await wrk.RunAsync(url, Clients, 5);
        var before = await wrk.RunAsync(url, Clients, Math.Max(bench.Seconds, 3));

        // Users go on while the new generation starts.
        using var meanwhile = wrk.Start(url, Clients, 60);
        var mark = running.Program.Mark;
        running.Program.Send(TestKit.UnixSignal.Hup);
        await running.Program.LineAsync("serving .* with 1 workers", mark);
        meanwhile.Send(TestKit.UnixSignal.Kill);
        await meanwhile.ExitAsync();
        var first = await wrk.RunAsync(url, Clients, 1);

        var figures = first.Figures();
        if (before.Requests == 0 || first.Requests == 0) return figures;
        figures[Figure.OwnRate] = first.Rate / before.Rate;
        figures[Figure.OwnP99] = first.P99 / before.P99;
        return figures;
    }
}
