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
}
