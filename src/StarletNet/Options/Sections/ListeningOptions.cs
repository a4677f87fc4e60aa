using StarletNet.Master.Listening;
using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

internal static class ListeningOptions
{
    private static readonly ValueKind<string> Host = ValueKinds.Text("ADDRESS", "an address or a name");
    private static readonly ValueKind<ListenSpec?> Path = new("PATH", ListenSpec.Unix, spec => (spec?.Address as ListenAddress.Unix)?.Path);

    private static readonly ValueKind<IReadOnlyList<ListenSpec>> Addresses =
        new("ADDRESS", text => [ListenSpec.Parse(text)], specs => specs.Count > 0 ? string.Join(';', specs) : null);

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Repeated(Value("listen", Addresses,
            "Listen on HOST:PORT, :PORT, PORT, [::1]:PORT, unix:PATH, a PATH with a slash, @NAME (abstract Unix socket) or fd:N "
            + "(inherited). Options follow a question mark, joined by &: http=h2 (HTTP/2 without TLS), backlog=N, mode=0660 (Unix "
            + "socket). In the environment, addresses are separated by semicolons.",
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
    ];

    private static MasterOption Repeated(MasterOption option) => option with { Declared = option.Declared with { Repeatable = true } };
}
