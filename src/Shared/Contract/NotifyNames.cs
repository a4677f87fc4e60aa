namespace StarletNet.Shared.Contract;

/// <summary>Assignments of ours in sd_notify(3) messages. Other receivers ignore variables that begin with <c>X_</c>.</summary>
internal static class NotifyNames
{
    /// <summary>
    /// Generation → start_server: the number of connections that stay although a newer generation serves. Sent when nothing else is left to
    /// finish, and again when the number changes. 0: no connection stays any more.
    /// </summary>
    internal const string Lingering = "X_STARLETNET_LINGERING";

    /// <summary>Generation → start_server: the paths that its workers have answered most, for the next generation. See <see cref="WarmUpPaths"/>.</summary>
    internal const string WarmUp = "X_STARLETNET_WARMUP";

    /// <summary>The real path of what it runs. Said before the first worker starts, and again when that changes.</summary>
    internal const string Release = "X_STARLETNET_RELEASE";

    /// <summary>The last known reason why it is not ready, in one line; empty: there is none any more.</summary>
    internal const string Reason = "X_STARLETNET_REASON";

    /// <summary><c>0</c>: the same start would fail in the same way again: a file is missing, a runtime is not installed.</summary>
    internal const string Retry = "X_STARLETNET_RETRY";
}
