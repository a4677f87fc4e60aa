using System.Globalization;
using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

internal static class WorkerOptions
{
    private static readonly ValueKind<int> FromZero = ValueKinds.Number(0, MasterOptions.MostWorkers, "auto or ");

    private static readonly ValueKind<int?> Workers = new("N",
        text => text == "auto" ? null : FromZero.Parse(text), number => number?.ToString(CultureInfo.InvariantCulture) ?? "auto");

    private static readonly ValueKind<string?> ReadyPath = new("PATH", Path, path => path);

    private static readonly ValueKind<WarmUpChoice> WarmUp = new("PATHS",
        text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } words
            ? new WarmUpChoice([.. words.Where(word => word != WarmUpChoice.Auto).Select(Path)], words.Contains(WarmUpChoice.Auto))
            : throw new FormatException("is empty; give paths, separated by commas, or auto"),
        choice => choice.IsOn ? string.Join(',', choice.IsAuto ? [WarmUpChoice.Auto, .. choice.Paths] : choice.Paths) : null);

    private static string Path(string text) => text.StartsWith('/') && text.All(letter => letter is > ' ' and <= '~')
        ? text
        : throw new FormatException($"'{text}' is not a path; write /path, with %XX for other characters");

    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Value("max-workers", Workers, "Worker processes to keep alive, 1 to 1024, or auto: one per processor, at least 2. The default is one, which uses all processors, because ASP.NET Core applications "
            + "assume a single process. 0: no master; starletnet itself becomes the application, which gets all signals and is not replaced.",
            options => options.MaxWorkers, (options, number) => options with { MaxWorkers = number }).Alias("workers", "w"),
        Value("spawn-interval", ValueKinds.Time, "Shortest time between two starts of workers, and between the steps of a restart.",
            options => options.SpawnInterval, (options, time) => options with { SpawnInterval = time }),
        Value("err-respawn-interval", ValueKinds.Time,
            "Wait before a worker that failed is started again; doubled with each failure in a row up to 30 s.",
            options => options.ErrRespawnInterval, (options, time) => options with { ErrRespawnInterval = time }),
        Value("boot-failure-limit", ValueKinds.CountOrUnlimited,
            "Give up after so many failed starts: the first start (exit code 1) or a restart (the old workers go on). 0: never.",
            options => options.BootFailureLimit, (options, limit) => options with { BootFailureLimit = limit }),
        Value("worker-boot-timeout", ValueKinds.TimeAboveZero("a worker cannot be ready in no time; give more than 0"),
            "Kill a worker that is not ready in time.",
            options => options.WorkerBootTimeout, (options, time) => options with { WorkerBootTimeout = time }),
        Value("ready-path", ReadyPath,
            "Take a worker for ready only when its application answers a request for that path, put through its whole pipeline, with a status from 200 to 299.",
            options => options.ReadyPath, (options, path) => options with { ReadyPath = path }),
        Value("warmup", WarmUp,
            "Before it counts as ready, each worker asks its application for these paths (GET, separated by commas, a comma in a path is %2C) until its code is compiled. "
            + "auto: the paths without query that the workers before it have answered most with 200. These requests are not counted and not in the access log; their "
            + "User-Agent is starletnet-warmup. Failures are logged and do no harm.",
            options => options.WarmUp, (options, choice) => options with { WarmUp = choice }),
        Value("warmup-time", ValueKinds.TimeAboveZero("nothing is warmed up in no time; leave out --warmup"), "Longest time that a worker warms up.",
            options => options.WarmUpTime, (options, time) => options with { WarmUpTime = time }),
        Switch("preload-app",
            "Start one worker and wait until it is ready before the others are started; the start fails if it does. A running .NET program cannot "
            + "be forked, so nothing is loaded in advance.",
            options => options.PreloadApp, (options, isOn) => options with { PreloadApp = isOn }),
        Value("loader", ValueKinds.Word("NAME", "a loader", MasterOptions.Delayed, MasterOptions.Preload, MasterOptions.Restarter),
            "Plack's: preload means --preload-app, restarter --reload, delayed is how it is without.",
            options => options.Loader, (options, name) => options with { Loader = name }).Alias("L"),
        Value("loop", ValueKinds.Word("MODE", "a loop", MasterOptions.Inline, MasterOptions.Pool),
            "Where a worker runs the application: inline (on the event loop, which a spare thread takes over when it is blocked) or pool (on the "
            + "thread pool).",
            options => options.Loop, (options, loop) => options with { Loop = loop }),
        Value("loops", ValueKinds.Number(1, MasterOptions.MostLoops),
            "Event loops in each worker, 1 to 64.",
            options => options.Loops, (options, number) => options with { Loops = number }).DefaultIs("one per processor for a single worker, else 1"),
        Value("max-threads", ValueKinds.Number(2, MasterOptions.MostThreads),
            "Most threads that a worker uses for its loops and for requests that block (--loop inline); at least two for each loop. Beyond them the "
            + "thread pool is used.",
            options => options.MaxThreads, (options, number) => options with { MaxThreads = number }),
        // Starlight's loop polls, ours does not; an old command line that sets its pace is none the worse for it.
        Value("main-process-delay", ValueKinds.Optional(ValueKinds.Time),
            "Starlight's polling interval: accepted, and without effect, since this master is driven by events.",
            options => options.MainProcessDelay, (options, time) => options with { MainProcessDelay = time }),
    ];
}
