namespace StarletNet.Bench.Peers;

/// <summary>h2o with the same bytes as files, which is how it serves best without its scripting.</summary>
internal static class H2oPeer
{
    private const int Threads = 2;

    internal static readonly Peer Peer = new("h2o", $"h2o, {Threads} threads, files", "nginx", Threads, Start)
    {
        CanBlock = false,
        ReadsBodies = false,
    };

    private static Launch Start(Ground ground, Place place)
    {
        var h2o = Ground.Needed("h2o", "h2o");
        return new Launch(h2o, ["-c", ground.Scratch.Write($"{Guid.NewGuid():N}.yaml", Configuration(ground, place))]);
    }

    private static string Configuration(Ground ground, Place place)
    {
        var address = place.Door == Door.Unix ? $"type: unix, port: \"{place.Path}\"" : $"host: 127.0.0.1, port: {place.Port}";
        var certificate = place.Door == Door.Tls ? $", ssl: {{ certificate-file: \"{ground.Certificate.CertificateFile}\", key-file: \"{ground.Certificate.KeyFile}\" }}" : "";
        return $$"""
            num-threads: {{Threads}}
            max-connections: 16384
            http1-request-timeout: 600
            listen: { {{address}}{{certificate}} }
            hosts:
              default:
                paths:
                  "/": { file.dir: "{{ground.Files}}", file.index: ["hello.txt"] }
            """;
    }
}
