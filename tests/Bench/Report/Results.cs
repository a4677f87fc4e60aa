using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;

namespace StarletNet.Bench.Report;

/// <summary>All outcomes of a run, and what they say together.</summary>
internal sealed class Results(Header header)
{
    private readonly List<Outcome> _outcomes = [];

    internal Header Header => header;

    /// <summary>Scenarios in the order in which they came.</summary>
    internal IEnumerable<string> Scenarios => _outcomes.Select(outcome => outcome.Scenario).Distinct();

    internal void Add(Outcome outcome) => _outcomes.Add(outcome);

    /// <exception cref="FormatException">The file holds something else.</exception>
    internal static Results Read(string file)
    {
        var lines = File.ReadAllLines(file);
        var results = new Results(Header.FromJson(lines.FirstOrDefault("null")));
        foreach (var line in lines.Skip(1)) results.Add(Outcome.FromJson(line));
        return results;
    }

    /// <summary>Peers that gave figures, in the order of the roster.</summary>
    internal IReadOnlyList<Peer> Peers(string scenario) =>
        [.. Everybody().Where(peer => Of(scenario, peer.Name).Any())];

    /// <summary>Who is not there and why, one line for those with the same reason.</summary>
    internal IEnumerable<string> NotThere(string scenario) => _outcomes
        .Where(outcome => outcome.Scenario == scenario && outcome.NotThere != null)
        .GroupBy(outcome => outcome.NotThere!)
        .Select(group => $"{string.Join(", ", group.Select(outcome => outcome.Peer).Distinct())}: {group.Key}");

    internal IEnumerable<Figure> Figures(string scenario) =>
        Figure.All.Where(figure => _outcomes.Any(outcome => outcome.Scenario == scenario && outcome.Figures.ContainsKey(figure)));

    internal Spread? Spread(string scenario, string peer, Figure figure)
    {
        double[] values = [.. Of(scenario, peer).Where(outcome => outcome.Figures.ContainsKey(figure)).Select(outcome => outcome.Figures[figure])];
        return values.Length == 0 ? null : Measures.Spread.Of(values);
    }

    /// <summary>The median as a multiple of another peer's; null where either has none.</summary>
    internal double? Ratio(string scenario, string peer, Figure figure, string? to) =>
        to != null && Spread(scenario, peer, figure) is { } own && Spread(scenario, to, figure) is { Median: not 0 } other ? own.Median / other.Median : null;

    /// <summary>The limit with as many processes, or else the one with the most.</summary>
    internal string? LimitFor(string scenario, Peer peer)
    {
        var limits = Peers(scenario).Where(other => other.Family == LimitPeers.Family).OrderBy(other => other.Workers).ToList();
        return (limits.Find(limit => limit.Workers == peer.Workers) ?? limits.LastOrDefault())?.Name;
    }

    private IEnumerable<Outcome> Of(string scenario, string peer) =>
        _outcomes.Where(outcome => outcome.Scenario == scenario && outcome.Peer == peer && outcome.NotThere == null);

    // Results of another machine may have a starletnet with another number of workers: named peers that the roster lacks come last.
    private IEnumerable<Peer> Everybody()
    {
        var known = Roster.All(Environment.ProcessorCount);
        var others = _outcomes.Select(outcome => outcome.Peer).Distinct().Where(name => known.All(peer => peer.Name != name));
        return known.Concat(others.Select(name => new Peer(name, name, name.Split('-')[0], Trailing(name), (_, _) => throw new NotThereException("not of this machine"))));
    }

    private static int Trailing(string name) => int.TryParse(name.Split('-')[^1], out var number) ? number : 1;
}
