using StarletNet.Master.Listening;
using StarletNet.Master.Output;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;
using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

internal static class ObservingOptions
{
    internal const string StatusSocket = "status-socket", HealthPath = "health-path";

    private static readonly ValueKind<string> SocketName = new("SOCKET", ReadSocket, name => name);

    private static readonly ValueKind<ListenSpec?> Address = new("ADDRESS", ReadAddress, spec => spec?.ToString());

    private static readonly ValueKind<string> Path = new("PATH", ReadPath, path => path);

    private static readonly ValueKind<string> Format = new("FORMAT", ReadFormat, format => format);

    // As much as fits into one write(2) with room to spare.
    private const int SmallestBuffer = 4096, LargestBuffer = 16 << 20;

    private static readonly ValueKind<int> Buffer = new("SIZE",
        text => text == "0" ? 0 : ValueKinds.SizeOrUnlimited.Parse(text) is >= SmallestBuffer and <= LargestBuffer and var size
            ? (int)size
            : throw new FormatException($"'{text}' is neither 0 nor a size from 4K to 16M"),
        size => size == 0 ? "0" : ValueKinds.WriteSize(size));

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Value("access-log", ValueKinds.OptionalText(ValueKinds.Text("FILE", "a file name, or -")),
            "Append a line for each request to that file; - is standard output. It is opened anew by USR2, and by HUP: rename it, send the signal, and no "
            + "line is lost.",
            options => options.Observing.AccessLog, (options, path) => With(options, options.Observing with { AccessLog = path })),
        Value("access-log-format", Format, "How its lines look: combined, common, json, or a template such as '%h %t \"%r\" %s %b %D' in the language of Apache and Plack.",
            options => options.Observing.AccessLogFormat, (options, format) => With(options, options.Observing with { AccessLogFormat = format })),
        Value("access-log-buffer", Buffer,
            "Bytes of lines that each worker gathers and writes at once (64K); 0: each line is written when its answer is complete. What a worker has gathered is lost if it is killed.",
            options => options.Observing.AccessLogBuffer, (options, size) => With(options, options.Observing with { AccessLogBuffer = size })),
        Value("access-log-flush", ValueKinds.TimeAboveZero("lines are gathered for longer than no time; give more than 0, or leave out --access-log-buffer"),
            "With --access-log-buffer: how long a line may wait at most.",
            options => options.Observing.AccessLogFlush, (options, time) => With(options, options.Observing with { AccessLogFlush = time })),
        Value("log-level", ValueKinds.Word("LEVEL", "a level", ObservingChoices.Debug, "information", "warning", "error"),
            "The least important events of the master's own log that are written: debug, information, warning or error. With debug workers, too, say what "
            + "happens to them; STARLETNET_DEBUG=1 does the same.",
            options => options.Observing.LogLevel, (options, level) => With(options, options.Observing with { LogLevel = level })),
        Value("log-format", ValueKinds.Word("FORM", "a form of log", LogForms.Text, LogForms.Json),
            "How those events look, on standard error and in --master-log: text, or json, an object on each line.",
            options => options.Observing.LogFormat, (options, form) => With(options, options.Observing with { LogFormat = form })),
        Value("master-log", ValueKinds.OptionalText(ValueKinds.Text("FILE", "a file name")),
            "Write those events, with their time, to files of that name and the date as well: a new one each day, and when one has 64 MB. "
            + "Its directory must be writable for --user.",
            options => options.Observing.MasterLog, (options, path) => With(options, options.Observing with { MasterLog = path })),
        Value("master-log-keep", ValueKinds.Number(0, 10_000), "How many files of --master-log stay; 0: all.",
            options => options.Observing.MasterLogKeep, (options, keep) => With(options, options.Observing with { MasterLogKeep = keep })),
        Switch("disable-proctitle", "Leave the names that ps(1) shows alone; else they say what master and workers do.",
            options => options.Observing.NoTitles, (options, isOn) => With(options, options.Observing with { NoTitles = isOn })),
        Value(StatusSocket, ValueKinds.OptionalText(SocketName),
            "Unix socket for \"starletnet status\": a path, whose file has mode 0600, or @NAME; besides the one that is there by default, which is "
            + "found by the master's pid. Only our own user and root may ask. none: neither.",
            options => options.Observing.StatusSocket, (options, name) => With(options, options.Observing with { StatusSocket = name })),
        Value("metrics", Address, "Answer GET /metrics in the format of Prometheus there: HOST:PORT, PORT, unix:PATH or @NAME.",
            options => options.Observing.Metrics, (options, spec) => With(options, options.Observing with { Metrics = spec })),
        Value("status-path", ValueKinds.OptionalText(Path),
            "Answer GET on this path of the application's own listeners with the same figures, for clients of this machine and of Unix sockets; "
            + "others reach the application.",
            options => options.Observing.StatusPath, (options, path) => With(options, options.Observing with { StatusPath = path })),
        Value(HealthPath, ValueKinds.OptionalText(Path),
            "Answer GET on this path of the application's own listeners for load balancers, to any client: 200, or 503 when the service stops.",
            options => options.Observing.HealthPath, (options, path) => With(options, options.Observing with { HealthPath = path })),
    ];

    private static MasterOptions With(MasterOptions options, ObservingChoices choices) => options with { Observing = choices };

    private static string ReadFormat(string text)
    {
        _ = AccessLogFormat.Parse(text);
        return text;
    }

    private static string ReadSocket(string text)
    {
        if (text is "" or "@") throw new FormatException("is empty; give a path, @NAME or none");
        return UnixAddress.Encode(text) is not null
            ? text
            : throw new FormatException($"'{text}' is longer than the {UnixAddress.MaxPathLength} bytes a Unix socket's name may have");
    }

    private static ListenSpec ReadAddress(string text)
    {
        if (text.Contains('?', StringComparison.Ordinal)) throw new FormatException($"'{text}': only an address can stand here, without options");
        return ListenSpec.Parse(text) is { Address: not ListenAddress.Inherited, Tls: null } spec
            ? spec
            : throw new FormatException($"'{text}' is not HOST:PORT, PORT, unix:PATH or @NAME");
    }

    private static string ReadPath(string text) => text.StartsWith('/') && text.Length > 1 && !text.AsSpan().ContainsAny("?#% ")
        ? text
        : throw new FormatException($"'{text}' is not a path such as /server-status");
}
