namespace StarletNet.Bench.Peers;

/// <summary>Who takes part.</summary>
internal static class Roster
{
    internal const string Kestrel = "kestrel";

    /// <summary>Everybody, in the order of the tables.</summary>
    /// <param name="most">The largest number of workers of starletnet, beside 1 and 2.</param>
    internal static IReadOnlyList<Peer> All(int most)
    {
        int[] counts = [.. new[] { 1, 2, most }.Distinct().Order()];
        return
        [
            .. counts.Select(count => StarletNetPeers.Of("inline", count)),
            .. counts.Select(count => StarletNetPeers.Of("pool", count)),
            KestrelPeers.Plain,
            KestrelPeers.Inline,
            NginxPeer.Peer,
            H2oPeer.Peer,
            LimitPeers.Of(1),
            LimitPeers.Of(2),
            PerlPeers.Starlet,
            PerlPeers.Starman,
        ];
    }

    /// <summary>Who takes part in a quick run.</summary>
    internal static readonly IReadOnlyList<string> Quick = ["starletnet-inline-2", Kestrel, "nginx", "limit-2"];
}
