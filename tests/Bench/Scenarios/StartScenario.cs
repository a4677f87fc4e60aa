using System.Diagnostics;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;
using StarletNet.TestKit;

namespace StarletNet.Bench.Scenarios;

/// <summary>Times of a start and of a deploy of the hello example with one worker.</summary>
internal sealed class StartScenario() : Scenario("start", "from exec to sockets bound and child started, to the first answer; from HUP to the next generation ready")
{
    internal override Figure Main => Figure.ToAnswer;

    internal override bool Alone => true;

    internal override Task PrepareAsync(Bench bench, Peer peer, bool warmUp) => peer.StartHello == null
        ? throw new NotThereException("nothing that another peer does not show")
        : bench.Stable.CheckAsync(peer);

    internal override async Task<IReadOnlyDictionary<Figure, double>> RunAsync(Bench bench, Peer peer)
    {
        var place = Place.New(Door.Http, bench.Ground.Scratch);
        var launch = peer.StartHello!(bench.Ground, place, 1);
        var figures = new Dictionary<Figure, double>();
        if (peer.Roles.Superdaemon != null) figures[Figure.ToChild] = await ToChildAsync(launch, place);

        var start = Stopwatch.GetTimestamp();
        using var running = await RunningPeer.StartAsync(launch, place);
        figures[Figure.ToAnswer] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (peer.Family == "starletnet") figures[Figure.ToReady] = await ToReadyAsync(running.Program);
        return figures;
    }

    /// <summary>The superdaemon with a child that only says that it is there.</summary>
    private static async Task<double> ToChildAsync(Launch launch, Place place)
    {
        var start = Stopwatch.GetTimestamp();
        using var program = ProgramUnderTest.Start(launch.Program, [$"--port=127.0.0.1:{place.Port}", "--", "/bin/sh", "-c", "echo started; exec sleep 60"]);
        await program.LineAsync("^started$");
        var took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        await program.StopAsync();
        return took;
    }

    private static async Task<double> ToReadyAsync(ProgramUnderTest program)
    {
        await program.LineAsync("serving .* with 1 workers");
        // start_server judges a generation after --interval (1 s) at the earliest; a HUP before would wait for that.
        await Task.Delay(1500);
        var mark = program.Mark;
        var start = Stopwatch.GetTimestamp();
        program.Send(UnixSignal.Hup);
        await program.LineAsync("serving .* with 1 workers", mark);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
