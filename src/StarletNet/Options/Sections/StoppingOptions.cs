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
        Value("drain-websockets", ValueKinds.Time,
            "How long WebSockets and other upgraded connections may stay with a worker that a deploy has replaced, served as before. A stop does not wait for them.",
            options => options.DrainWebSockets, (options, time) => options with { DrainWebSockets = time }),
        Value("stop-delay", ValueKinds.Time,
            "After TERM, when the service is to stop: go on accepting and answering for so long, while --health-path and --status-path answer 503, then drain. A second TERM cuts it short.",
            options => options.StopDelay, (options, time) => options with { StopDelay = time }),
        Value("worker-quit", ValueKinds.Word("WHAT", "what a worker does at QUIT", MasterOptions.QuitDrain, MasterOptions.QuitDump),
            "What a worker does that gets QUIT itself: drain, or dump, which is to leave its requests and the stacks of its threads in the log before. A second QUIT does not wait for that.",
            options => options.WorkerQuit, (options, what) => options with { WorkerQuit = what }),
    ];
}
