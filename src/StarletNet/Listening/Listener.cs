using StarletNet.Shared.Contract;
using StarletNet.Shared.Listening;

namespace StarletNet.Master.Listening;

/// <summary>A listening socket that the workers are handed.</summary>
/// <param name="Name">For people: what it was asked for by, or what the kernel bound.</param>
/// <param name="Fd">Open and close-on-exec in this process for as long as it lives.</param>
/// <param name="Http">HTTP versions spoken on it.</param>
/// <param name="Tls">Whether TLS is spoken on it.</param>
internal sealed record Listener(string Name, int Fd, HttpVersions Http, bool Tls = false)
{
    /// <summary>Sockets of the same address, the first being <see cref="Fd"/>: one for each worker. Empty: all workers share one.</summary>
    internal IReadOnlyList<int> Siblings { get; init; } = [];

    /// <summary>
    /// The socket of a worker's place. The master holds it, so whoever has the place next finds what the former one left in its queue. Places
    /// that were added later have none of their own.
    /// </summary>
    internal int FdOf(int slot) => Siblings.Count == 0 ? Fd : Siblings[slot % Siblings.Count];
}

/// <summary>All listeners of this master; disposing removes the socket files that are its own.</summary>
/// <param name="Listeners">At least one.</param>
/// <param name="Own">Those that this process bound itself; none when the sockets were adopted.</param>
internal sealed record ListenerSet(IReadOnlyList<Listener> Listeners, IReadOnlyList<ListeningSocket> Own) : IDisposable
{
    public void Dispose()
    {
        foreach (var socket in Own) socket.Dispose();
    }
}
