namespace StarletNet.Bench.Peers;

/// <summary>The same application by itself.</summary>
internal static class KestrelPeers
{
    internal static readonly Peer Plain = Of("kestrel", "dotnet app.dll", new Dictionary<string, string>()) with
    {
        StartHello = (ground, place, count) => count == 1
            ? new Launch("dotnet", [ground.HelloApplication]) { Environment = Listen(ground, place), Directory = Path.GetDirectoryName(ground.HelloApplication) }
            : throw new NotThereException("one process by nature"),
    };

    internal static readonly Peer Inline = Of("kestrel-inline",
        "dotnet app.dll with DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1 and UnsafePreferInlineScheduling",
        new Dictionary<string, string> { ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1", ["BENCH_INLINE_SCHEDULING"] = "1" });

    private static Peer Of(string name, string words, Dictionary<string, string> environment) =>
        new(name, words, "kestrel", Environment.ProcessorCount, (ground, place) => new Launch("dotnet", [ground.Application])
        {
            Environment = environment.Concat(Listen(ground, place)).ToDictionary(),
            Directory = Path.GetDirectoryName(ground.Application),
        })
        {
            RunsApplication = true,
        };

    private static Dictionary<string, string> Listen(Ground ground, Place place)
    {
        var variables = new Dictionary<string, string>
        {
            ["Kestrel__Endpoints__Bench__Url"] = place.Door == Door.Unix ? $"http://unix:{place.Path}" : place.Url(""),
            ["Kestrel__Endpoints__Bench__Protocols"] = place.Door switch
            {
                Door.Http2 => "Http2",
                Door.Tls => "Http1AndHttp2",
                _ => "Http1",
            },
        };
        if (place.Door == Door.Tls)
        {
            variables["Kestrel__Certificates__Default__Path"] = ground.Certificate.CertificateFile;
            variables["Kestrel__Certificates__Default__KeyPath"] = ground.Certificate.KeyFile;
        }

        return variables;
    }
}
