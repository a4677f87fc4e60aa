using System.Globalization;
using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

/// <summary>When a worker that serves is replaced: another one serves before it is told to go.</summary>
internal static class ReplacementOptions
{
    private const string AtOnce = "all";
    private static readonly ValueKind<int> FromOne = ValueKinds.Number(1, MasterOptions.MostWorkers, "all or ");

    private static readonly ValueKind<int> FromNone = ValueKinds.Number(0, int.MaxValue);

    // Starlet's own word for none.
    private static readonly ValueKind<int?> NumberOrNone =
        new(FromNone.Name, text => FromNone.Parse(text) is > 0 and var number ? number : null, number => number is { } given ? FromNone.Format(given) : null);

    private static readonly ValueKind<int> Surge = new("N",
        text => text == AtOnce ? MasterOptions.MostWorkers : FromOne.Parse(text),
        number => number == MasterOptions.MostWorkers ? AtOnce : number.ToString(CultureInfo.InvariantCulture));

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Value("max-reqs-per-child", ValueKinds.CountOrUnlimited,
            "Replace a worker after so many requests; each stream of HTTP/2 counts, a WebSocket counts as one. 0: never.",
            options => options.MaxReqsPerChild, (options, count) => options with { MaxReqsPerChild = count }).Alias("max-requests"),
        Value("min-reqs-per-child", NumberOrNone,
            "Draw the number for each worker, from this one up to --max-reqs-per-child, so that they do not all leave together. 0: do not.",
            options => options.MinReqsPerChild, (options, count) => options with { MinReqsPerChild = count }),
        Value("max-requests-jitter", NumberOrNone,
            "The same, as a difference: draw from --max-reqs-per-child less this number.",
            options => options.MaxRequestsJitter, (options, count) => options with { MaxRequestsJitter = count }),
        Value("worker-max-memory", ValueKinds.SizeOrUnlimited,
            "Replace a worker that uses more memory of its own, for three looks in a row, five seconds apart. 0: no limit.",
            options => options.WorkerMaxMemory, (options, size) => options with { WorkerMaxMemory = size }).Alias("reload-on-rss"),
        Value("worker-max-age", ValueKinds.TimeOrUnlimited, "Replace a worker that has served for so long, give or take a tenth. 0: no limit.",
            options => options.WorkerMaxAge, (options, time) => options with { WorkerMaxAge = time }),
        Value("worker-timeout", ValueKinds.TimeOrUnlimited,
            "Replace a worker that gives no sign of life for so long, or whose thread pool gives none for twice as long; not while it is debugged. 0: never.",
            options => options.WorkerTimeout, (options, time) => options with { WorkerTimeout = time }),
        Value("surge", Surge,
            "How many workers more than --max-workers may live while some are replaced, or all: as many as there are. The first one of a new "
            + "generation is tried alone in any case.",
            options => options.Surge, (options, number) => options with { Surge = number }),
        Value("child-exit", ValueKinds.OptionalText(ValueKinds.Text("COMMAND", "a command")),
            "Shell command to run after a worker has ended, whatever for, with STARLETNET_WORKER_PID, _SLOT, _STATUS (as the shell's $?), "
            + "_REASON and _REQUESTS in its environment. It is killed after 10 s.",
            options => options.ChildExit, (options, command) => options with { ChildExit = command }),
    ];
}
