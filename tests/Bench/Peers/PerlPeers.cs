namespace StarletNet.Bench.Peers;

/// <summary>The prefork servers this project succeeds. They recycle workers after some hundred requests by default; not here.</summary>
internal static class PerlPeers
{
    private const int Processes = 32;

    internal static readonly Peer Starlet = new("starlet", $"plackup -s Starlet, {Processes} workers", "perl", Processes,
        (ground, place) => new Launch(Plackup(), [.. StarletOptions(Processes), .. Listen(place), ground.Psgi]))
    {
        StartDeployable = (ground, place) => UnderStartServer(ground, place, Processes),
        StartHello = UnderStartServer,
        Roles = new Roles(0, 1, 2),
        MostConnections = Processes,
    };

    internal static readonly Peer Starman = new("starman", $"starman, {Processes} workers", "perl", Processes,
        (ground, place) => StartStarman(ground, place, Processes))
    {
        StartHello = StartStarman,
        Roles = new Roles(null, 0, 1),
        MostConnections = Processes,
    };

    private static Launch StartStarman(Ground ground, Place place, int workers) =>
        new(Ground.Needed("starman", "starman"),
            [$"--workers={workers}", "--max-requests=100000000", "-E", "deployment", .. Listen(place), ground.Psgi]);

    private static Launch UnderStartServer(Ground ground, Place place, int workers) =>
        new(Ground.Needed("start_server", "libserver-starter-perl"),
            [$"--port=127.0.0.1:{place.Port}", "--", Plackup(), .. StarletOptions(workers), ground.Psgi]);

    private static string Plackup()
    {
        _ = Ground.Needed("plackup", "libplack-perl");
        return Directory.Exists("/usr/share/perl5/Plack/Handler") && File.Exists("/usr/share/perl5/Plack/Handler/Starlet.pm")
            ? Ground.Needed("plackup", "libplack-perl")
            : throw new NotThereException("Perl's Starlet is not installed (Debian package starlet)");
    }

    private static string[] StarletOptions(int workers) =>
        ["-s", "Starlet", $"--max-workers={workers}", "--max-reqs-per-child=100000000", "--max-keepalive-reqs=100000000", "--keepalive-timeout=10", "-E", "deployment"];

    private static string[] Listen(Place place) => place.Door == Door.Http
        ? [$"--listen=127.0.0.1:{place.Port}"]
        : throw new NotThereException("measured over plain HTTP/1.1 only");
}
