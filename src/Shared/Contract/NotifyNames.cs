namespace StarletNet.Shared.Contract;

/// <summary>What starletnet tells a start_server by sd_notify(3), beside what every service manager understands.</summary>
internal static class NotifyNames
{
    /// <summary>The paths that its workers have answered most, for the next generation. See <see cref="WarmUpPaths"/>.</summary>
    internal const string WarmUp = "X_STARLETNET_WARMUP";
}
