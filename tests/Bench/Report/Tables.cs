using System.Globalization;
using System.Text;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;
using StarletNet.Bench.Scenarios;

namespace StarletNet.Bench.Report;

/// <summary>Results as tables.</summary>
internal static class Tables
{
    private static readonly CultureInfo Plain = CultureInfo.InvariantCulture;

    /// <summary>One run in one line.</summary>
    internal static string Line(Outcome outcome) =>
        string.Join(", ", Figure.All.Where(outcome.Figures.ContainsKey).Select(figure => $"{outcome.Figures[figure].ToString(figure.Format, Plain)} {figure.Name}"));

    /// <summary>For the terminal: aligned.</summary>
    internal static string Text(Results results)
    {
        var text = new StringBuilder();
        foreach (var scenario in results.Scenarios)
        {
            text.AppendLine().AppendLine($"{scenario}: {Words(scenario)}");
            var rows = Rows(results, scenario);
            var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
            foreach (var row in rows)
                text.AppendLine(string.Join("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).TrimEnd());
            foreach (var line in results.NotThere(scenario)) text.AppendLine($"not there: {line}");
        }

        return text.ToString();
    }

    internal static string Markdown(Results results)
    {
        var text = new StringBuilder();
        foreach (var scenario in results.Scenarios)
        {
            text.AppendLine($"### {scenario}").AppendLine().AppendLine($"{Capital(Words(scenario))}.").AppendLine();
            var rows = Rows(results, scenario);
            if (rows.Count > 1)
            {
                Append(rows[0]);
                Append([.. rows[0].Select((_, column) => column == 0 ? "---" : "---:")]);
                foreach (var row in rows.Skip(1)) Append(row);
                text.AppendLine();
            }

            foreach (var line in results.NotThere(scenario)) text.AppendLine($"Not there: {line.Replace("|", "\\|", StringComparison.Ordinal)}.").AppendLine();
        }

        return text.ToString().TrimEnd() + "\n";

        void Append(string[] cells) => text.AppendLine($"| {string.Join(" | ", cells)} |");
    }

    /// <summary>The head, then a row for each peer.</summary>
    private static List<string[]> Rows(Results results, string scenario)
    {
        var figures = results.Figures(scenario).ToList();
        var peers = results.Peers(scenario);
        var kestrel = peers.Any(peer => peer.Name == Roster.Kestrel);
        var limit = peers.Any(peer => peer.Family == LimitPeers.Family);
        return
        [
            ["server", .. figures.SelectMany(Head)],
            .. peers.Select(peer => (string[])[peer.Name, .. figures.SelectMany(figure => Cells(figure, peer))]),
        ];

        IEnumerable<string> Head(Figure figure) =>
            [figure.Name, .. figure.Compared && kestrel ? ["/ kestrel"] : Array.Empty<string>(), .. figure.Compared && limit ? ["/ limit"] : Array.Empty<string>()];

        IEnumerable<string> Cells(Figure figure, Peer peer)
        {
            yield return results.Spread(scenario, peer.Name, figure) is { } spread ? Cell(figure, spread) : "";
            if (figure.Compared && kestrel) yield return Times(results.Ratio(scenario, peer.Name, figure, Roster.Kestrel));
            if (figure.Compared && limit) yield return Times(results.Ratio(scenario, peer.Name, figure, results.LimitFor(scenario, peer)));
        }
    }

    private static string Cell(Figure figure, Spread spread) =>
        spread.Median.ToString(figure.Format, Plain) + (spread.Count > 1 && figure.Compared ? $" ±{(spread.Relative * 100).ToString("0", Plain)} %" : "");

    private static string Times(double? ratio) => ratio is { } value ? value.ToString("0.00", Plain) : "";

    internal static string Words(string scenario) => Programme.All.FirstOrDefault(one => one.Name == scenario)?.Words ?? scenario;

    private static string Capital(string words) => char.ToUpperInvariant(words[0]) + words[1..];
}
