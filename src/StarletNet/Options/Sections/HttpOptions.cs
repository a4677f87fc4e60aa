using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

/// <summary>Where the effective values go: <see cref="HttpChoices.ForWorker"/>, and by the environment to each worker.</summary>
internal static class HttpOptions
{
    private static readonly ValueKind<TimeSpan> AboveZero = ValueKinds.TimeAboveZero("nothing is done in no time; give more than 0, or unlimited");

    private static readonly ValueKind<TimeSpan?> Timeout = ValueKinds.Optional(ValueKinds.TimeOrUnlimited with
    {
        Parse = text => text is "inf" or "unlimited" ? TimeSpan.Zero : AboveZero.Parse(text),
    });

    private static readonly ValueKind<TimeSpan?> TimeOrNone = ValueKinds.Optional(ValueKinds.Time with
    {
        Parse = text => text is "inf" or "unlimited" ? HttpChoices.Unlimited : ValueKinds.Time.Parse(text),
        Format = time => time == HttpChoices.Unlimited ? "unlimited" : ValueKinds.Time.Format(time),
    });

    private static readonly ValueKind<long> Size = ValueKinds.SizeOrUnlimited with
    {
        Parse = text => ValueKinds.SizeOrUnlimited.Parse(text) is var size and > 0 and <= int.MaxValue
            ? size
            : throw new FormatException($"'{text}' is not a size of at least one byte and less than 2G"),
    };

    private static readonly ValueKind<long> SizeOfBody = ValueKinds.SizeOrUnlimited with
    {
        Parse = text => text != "0" ? ValueKinds.SizeOrUnlimited.Parse(text) : throw new FormatException("'0' would refuse every body; give more, or unlimited"),
    };

    private static readonly ValueKind<string?> Software = new("TEXT",
        text => text.All(letter => letter is >= ' ' and <= '~') ? text : throw new FormatException("has characters that cannot stand in a header"), text => text);

    private static readonly ValueKind<bool> Forwarded = new("MODE",
        text => text switch { "auto" => true, "off" => false, _ => throw new FormatException($"'{text}' is neither auto nor off") }, near => near ? "auto" : "off")
    { Words = ["auto", "off"] };

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Value("timeout", Timeout,
            "How long a client may take for a request's head, and then for each single wait: for more of a body, or until it takes more of "
            + "an answer. Late heads and bodies are answered with 408.",
            options => options.Http.Timeout, (options, time) => With(options, options.Http with { Timeout = time }))
            .DefaultIs("the application's, usually 30 for the head and 240 bytes per second after 5 for the rest"),
        Value("read-timeout", ValueKinds.Optional(ValueKinds.TimeOrUnlimited), "The same for the head alone; 0: as long as it takes.",
            options => options.Http.ReadTimeout, (options, time) => With(options, options.Http with { ReadTimeout = time })).DefaultIs("that of --timeout"),
        Value("keepalive-timeout", TimeOrNone, "How long a connection may be idle between two requests; 0: it is closed after each.",
            options => options.Http.KeepAliveTimeout, (options, time) => With(options, options.Http with { KeepAliveTimeout = time }))
            .DefaultIs("the application's, usually 130"),
        Value("max-keepalive-reqs", ValueKinds.Optional(ValueKinds.CountOrUnlimited), "Requests that one connection may send; the last one's answer announces the close.",
            options => options.Http.MaxKeepAliveRequests, (options, count) => With(options, options.Http with { MaxKeepAliveRequests = count })).DefaultIs("unlimited"),
        Switch("disable-keepalive", "Close each connection after one request.",
            options => options.Http.DisableKeepAlive, (options, on) => With(options, options.Http with { DisableKeepAlive = on })),
        Value("request-timeout", ValueKinds.TimeOrUnlimited,
            "How long the application may take for a request; then its client is cut and RequestAborted fires. Upgraded connections are exempt.",
            options => options.Http.RequestTimeout, (options, time) => With(options, options.Http with { RequestTimeout = time })).Alias("harakiri"),
        Value("request-timeout-grace", ValueKinds.Time, "How long a request may go on after that, before its worker is replaced.",
            options => options.Http.RequestTimeoutGrace, (options, time) => With(options, options.Http with { RequestTimeoutGrace = time })),
        Value("max-connections", ValueKinds.Optional(ValueKinds.CountOrUnlimited), "Connections that a worker serves at once; further ones are closed.",
            options => options.Http.MaxConnections, (options, count) => With(options, options.Http with { MaxConnections = count })).DefaultIs("the application's, usually unlimited"),
        Value("soft-limit", ValueKinds.CountOrUnlimited,
            "Requests that a worker has at once before it leaves new connections to workers that have fewer, until it has a tenth less. When all have so many, all accept.",
            options => options.Http.SoftLimit, (options, count) => With(options, options.Http with { SoftLimit = count })),
        Value("max-header-size", ValueKinds.Optional(Size), "Bytes of all headers of a request together; more is answered with 431.",
            options => options.Http.MaxHeaderSize, (options, size) => With(options, options.Http with { MaxHeaderSize = size })).DefaultIs("the application's, usually 32K"),
        Value("max-headers", ValueKinds.Optional(ValueKinds.Number(1, int.MaxValue)), "Headers of a request; more are answered with 431.",
            options => options.Http.MaxHeaders, (options, count) => With(options, options.Http with { MaxHeaders = count })).DefaultIs("the application's, usually 100"),
        Value("max-request-line", ValueKinds.Optional(Size), "Bytes of a request's first line; more is answered with 414.",
            options => options.Http.MaxRequestLine, (options, size) => With(options, options.Http with { MaxRequestLine = size })).DefaultIs("the application's, usually 8K"),
        Value("max-body", ValueKinds.Optional(SizeOfBody), "Bytes of a request's body; more is answered with 413. What an endpoint sets for itself wins.",
            options => options.Http.MaxBody, (options, size) => With(options, options.Http with { MaxBody = size })).DefaultIs("the application's, usually 30000000"),
        Value("forwarded", Forwarded,
            "auto: the address and scheme that X-Forwarded-For and X-Forwarded-Proto give are believed of a proxy that connects over a Unix "
            + "socket or from this machine, and of nobody else; off: they are left to the application.",
            options => options.Http.BelievesNearProxies, (options, near) => With(options, options.Http with { BelievesNearProxies = near })),
        Value("server-software", Software, "The header Server, where the application sends none; empty: it is not sent.",
            options => options.Http.ServerSoftware, (options, text) => With(options, options.Http with { ServerSoftware = text })).DefaultIs("the application's, usually Kestrel"),
        Switch("keep-app-endpoints",
            "Leave the endpoints that the application configures itself open, beside the listeners. With more than one worker it is chance which of them a client reaches there.",
            options => options.Http.KeepsAppEndpoints, (options, on) => With(options, options.Http with { KeepsAppEndpoints = on })),
        Switch("harakiri-header",
            "Replace the worker after an answer with the header X-StarletNet-Harakiri: commit, and never send that header. Not where the application passes on headers of others.",
            options => options.Http.HarakiriHeader, (options, on) => With(options, options.Http with { HarakiriHeader = on })),
    ];

    private static MasterOptions With(MasterOptions options, HttpChoices http) => options with { Http = http };
}
