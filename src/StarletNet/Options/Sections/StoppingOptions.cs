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
            options => options.DrainKeepAlive, (options, time) => options with { DrainKeepAlive = time }),
    ];
}
