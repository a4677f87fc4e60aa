namespace StarletNet.Bench.Peers;

/// <summary>A program to start.</summary>
internal sealed record Launch(string Program, IReadOnlyList<string> Arguments)
{
    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    internal string? Directory { get; init; }
}

/// <summary>Thrown where something cannot be measured here; the message says why in a few words.</summary>
internal sealed class NotThereException(string reason) : Exception(reason);

/// <summary>A server that takes part.</summary>
/// <param name="Name">On the command line and in results.</param>
/// <param name="Family">Peers of one family share a colour.</param>
/// <param name="Workers">How many processes (for Kestrel: threads) serve at once: which limit it is compared with.</param>
/// <param name="Start">Serves the bench application at the place; throws <see cref="NotThereException"/>.</param>
internal sealed record Peer(string Name, string Words, string Family, int Workers, Func<Ground, Place, Launch> Start)
{
    /// <summary>The same, but so that HUP to the process started deploys; null where that cannot be.</summary>
    internal Func<Ground, Place, Launch>? StartDeployable { get; init; }

    /// <summary><see cref="Ground.Page"/> under a superdaemon to which HUP means a deploy, with options of the server's; null where that cannot be.</summary>
    internal Func<Ground, Place, IReadOnlyList<string>, Launch>? StartPageDeployable { get; init; }

    /// <summary>The hello example with so many workers, one generation under a superdaemon where there is one; null where memory is of no interest.</summary>
    internal Func<Ground, Place, int, Launch>? StartHello { get; init; }

    /// <summary>Which processes of the tree are what, counted from the one started: 0 itself, 1 its children.</summary>
    internal Roles Roles { get; init; } = new(null, null, 0);

    /// <summary>A prefork server in the old sense can hold no more connections than it has processes.</summary>
    internal int MostConnections { get; init; } = int.MaxValue;

    /// <summary>Reads the body of a request before it answers.</summary>
    internal bool ReadsBodies { get; init; } = true;

    /// <summary>Runs the bench application itself, which has more to ask of than its peers' imitations.</summary>
    internal bool RunsApplication { get; init; }

    /// <summary>Has a handler that blocks, and threads or processes for it.</summary>
    internal bool CanBlock { get; init; } = true;
}

/// <summary>Depths in the process tree of <see cref="Peer.StartHello"/>.</summary>
internal sealed record Roles(int? Superdaemon, int? Master, int Workers);
