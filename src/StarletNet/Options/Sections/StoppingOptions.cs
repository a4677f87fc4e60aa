using static StarletNet.Master.Options.MasterOption;

namespace StarletNet.Master.Options.Sections;

internal static class StoppingOptions
{
    internal static readonly IReadOnlyList<MasterOption> All =
    [
        Value("graceful-timeout", ValueKinds.TimeOrUnlimited,
            "How long a worker that leaves may take to finish its requests; 0: as long as they take.",
            options => options.GracefulTimeout, (options, time) => options with { GracefulTimeout = time }),
        Value("drain-keepalive", ValueKinds.Time,
            "How long idle kept-alive connections of a worker that leaves may send one more request.",
            options => options.DrainKeepAlive, (options, time) => options with { DrainKeepAlive = time })
            .DefaultIs("that of --keepalive-timeout, at most 5"),
        Value("worker-quit", ValueKinds.Word("WHAT", "what a worker does at QUIT", MasterOptions.QuitDrain, MasterOptions.QuitDump),
            "What a worker does that gets QUIT itself: drain, or dump, which is to leave its requests and the stacks of its threads in the log before. A second QUIT does not wait for that.",
            options => options.WorkerQuit, (options, what) => options with { WorkerQuit = what }),
    ];
}
