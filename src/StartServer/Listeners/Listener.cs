namespace StartServer.Listeners;

/// <summary>A socket that generations are handed.</summary>
/// <param name="Name">As SERVER_STARTER_PORT calls it.</param>
/// <param name="Fd">Its number here.</param>
internal sealed record Listener(string Name, int Fd)
{
    /// <summary>The number was asked for, with <c>=N</c>.</summary>
    internal bool Promised { get; init; }

    /// <summary>The kernel has chosen the port: 0 was asked for.</summary>
    internal bool AnyPort { get; init; }

    /// <summary>What LISTEN_FDNAMES called it when we were given it; null for one of our own.</summary>
    internal string? SystemdName { get; init; }
}
