using StarletNet.Master.Listening;
using StarletNet.Shared.Contract;
using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

internal static class ListeningOptions
{
    private static readonly ValueKind<string> Host = ValueKinds.Text("ADDRESS", "an address or a name");
    private static readonly ValueKind<ListenSpec?> Path = new("PATH", ListenSpec.Unix, spec => (spec?.Address as ListenAddress.Unix)?.Path);

    private static readonly ValueKind<IReadOnlyList<ListenSpec>> Addresses =
        new("ADDRESS", text => [ListenSpec.Parse(text)], specs => specs.Count > 0 ? string.Join(';', specs) : null);

    private static readonly ValueKind<HttpVersions> Http = new("VERSIONS",
        text => ListenSpec.VersionsOf(text) ?? throw new FormatException($"'{text}' is not a choice of versions; there are h1, h2 and h1h2"), ListenSpec.WordFor)
    { Words = ["h1", "h2", "h1h2"] };

    private static readonly ValueKind<SocketOwner?> Owner = new("OWNER", SocketOwner.Parse, owner => owner?.ToString());

    private static readonly ValueKind<string?> Prefix = new("PREFIX",
        text => text == "/" ? null : text.StartsWith('/') && text.TrimEnd('/').Length > 0 && !text.AsSpan().ContainsAny("?# \r\n") ? text.TrimEnd('/') : throw new FormatException($"'{text}' is not a path below which to mount; write /prefix"),
        path => path);

    private static MasterOption IPv6()
    {
        const string help = "Any address means IPv6 and IPv4 where the kernel has both; --no-ipv6: IPv4 alone; --ipv6=only: IPv6 alone. A name "
            + "is resolved accordingly.";
        var option = Switch("ipv6", help, options => options.AnyAddress == AnyAddress.Both,
            (options, on) => options with { AnyAddress = on ? AnyAddress.Both : AnyAddress.OnlyIPv4 });
        return option with
        {
            Declared = option.Declared with { ThirdPosition = Only, Default = "1" },
            Read = (options, text) => text == Only ? options with { AnyAddress = AnyAddress.OnlyIPv6 } : option.Read(options, text),
            Show = options => options.AnyAddress == AnyAddress.OnlyIPv6 ? Only : option.Show(options),
        };
    }

    private const string Only = "only";

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Repeated(Value("listen", Addresses,
            "Listen on HOST:PORT, :PORT, PORT, [::1]:PORT, unix:PATH, a PATH with a slash, @NAME (abstract Unix socket) or fd:N "
            + "(inherited). Options follow a question mark, joined by &: ssl, http=h1 or h2 (without TLS HTTP/2 alone), "
            + "backlog=N, defer, mode=0660 (Unix socket). In the environment, addresses are separated by semicolons.",
            options => options.Listen, (options, specs) => options with { Listen = [.. options.Listen, .. specs] }).Alias("l"))
            .DefaultIs("any address, port 5000"),
        Value("host", ValueKinds.OptionalText(Host), "Address or name for --port; every address of a name is bound.",
            options => options.Host, (options, host) => options with { Host = host }).Alias("o").DefaultIs("any"),
        // What holds where nothing else is listened on is shown, because it is what happens.
        Value("port", ValueKinds.Optional(ValueKinds.Number(0, 65535)), "TCP port; 0 lets the kernel choose one.",
            options => options.Port ?? (options.Listeners.Count == 0 || options.Host is not null ? ListenSpec.DefaultPort : null),
            (options, port) => options with { Port = port }).Alias("p").DefaultIs("5000"),
        Value("socket", Path, "Unix socket, or with a leading @ an abstract one.",
            options => options.Socket, (options, socket) => options with { Socket = socket }).Alias("S"),
        Value("backlog", ValueKinds.Optional(ValueKinds.Number(1, int.MaxValue)), "Length of the queue of connections that wait to be accepted.",
            options => options.Backlog, (options, backlog) => options with { Backlog = backlog }).DefaultIs("as long as the kernel allows"),
        Value("http", Http, "Versions of HTTP where the address does not say: h1, h2 or h1h2. In clear text h2 means HTTP/2 alone.",
            options => options.HttpVersions, (options, http) => options with { HttpVersions = http }),
        // A switch with a third position; bare, it is the default.
        IPv6(),
        Switch("defer-accept", "Have the kernel keep a TCP connection to itself until its first byte has come, for a second at most.",
            options => options.DeferAccept == true, (options, on) => options with { DeferAccept = on }),
        Switch("reuse-port", "Give each worker a TCP socket of its own (SO_REUSEPORT), among which the kernel deals connections out by their addresses. The "
            + "number of workers can only be raised from then on, and what waits for a worker that died waits for its successor. Not under a superdaemon.",
            options => options.ReusePort, (options, on) => options with { ReusePort = on }),
        Value("socket-mode", ValueKinds.Optional(ValueKinds.Octal("0660")), "Permissions of Unix sockets whose address does not say.",
            options => options.SocketMode, (options, mode) => options with { SocketMode = mode }).DefaultIs("0666 less the umask"),
        Value("socket-owner", Owner, "Whom Unix sockets are given to: user, user:group or :group, as names or numbers.",
            options => options.SocketOwner, (options, owner) => options with { SocketOwner = owner }).DefaultIs("who starts starletnet"),
        Value("path", Prefix, "Mount the application below this path; everything else is answered with 404.",
            options => options.Path, (options, path) => options with { Path = path }).DefaultIs("the root"),
    ];

    private static MasterOption Repeated(MasterOption option) => option with { Declared = option.Declared with { Repeatable = true } };
}
