using StarletNet.TestKit;

namespace StarletNet.Bench.Peers;

/// <summary>This project's own two programs.</summary>
internal static class StarletNetPeers
{
    internal static Peer Of(string loop, int workers) => new(
        $"starletnet-{loop}-{workers}", $"starletnet --loop {loop} --max-workers {workers}", "starletnet", workers,
        (ground, place) => new Launch(Artifacts.StarletNet, [.. Options(loop, workers), .. Listen(ground, place), ground.Application])
        {
            Directory = Path.GetDirectoryName(ground.Application),
        })
    {
        RunsApplication = true,
        StartDeployable = (ground, place) => UnderStartServer(ground, place, ground.Application, loop, workers),
        // One is enough: its own number of workers plays no part there.
        StartHello = workers == 2 ? (ground, place, count) => UnderStartServer(ground, place, ground.HelloApplication, loop, count) : null,
        StartPageDeployable = loop == "inline" && workers == 1
            ? (ground, place, options) => new Launch(Artifacts.StartServer, [$"--port=127.0.0.1:{place.Port}", "--", Artifacts.StarletNet, .. options, ground.Page]) { Environment = Ground.PageEnvironment }
            : null,
        Roles = new Roles(0, 1, 2),
    };

    private static Launch UnderStartServer(Ground ground, Place place, string application, string loop, int workers) =>
        new(Artifacts.StartServer,
            [$"--port=127.0.0.1:{place.Port}", $"--dir={Path.GetDirectoryName(application)}", "--",
                Artifacts.StarletNet, .. Options(loop, workers), Path.GetFileName(application)]);

    private static string[] Options(string loop, int workers) => [$"--loop={loop}", $"--max-workers={workers}"];

    private static string[] Listen(Ground ground, Place place) => place.Door switch
    {
        Door.Http => [$"--listen=127.0.0.1:{place.Port}"],
        Door.Http2 => [$"--listen=127.0.0.1:{place.Port}?http=h2"],
        Door.Unix => [$"--listen=unix:{place.Path}"],
        _ => [$"--listen=127.0.0.1:{place.Port}", "--ssl", $"--ssl-cert={ground.Certificate.CertificateFile}", $"--ssl-key={ground.Certificate.KeyFile}"],
    };
}
