namespace StarletNet.Shared.Contract;

/// <summary>What starletnet tells a start_server by sd_notify(3), beside what every service manager understands.</summary>
internal static class NotifyNames
{
    /// <summary>The real path of what it runs. Said before the first worker starts, and again when that changes.</summary>
    internal const string Release = "X_STARLETNET_RELEASE";

    /// <summary>The last known reason why it is not ready, in one line; empty: there is none any more.</summary>
    internal const string Reason = "X_STARLETNET_REASON";

    /// <summary><c>0</c>: the same start would fail in the same way again: a file is missing, a runtime is not installed.</summary>
    internal const string Retry = "X_STARLETNET_RETRY";
}
