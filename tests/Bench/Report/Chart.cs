using System.Globalization;
using System.Security;
using System.Text;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;

namespace StarletNet.Bench.Report;

/// <summary>The figures that matter most, as bars: a panel for each, a bar for each peer.</summary>
internal static class Chart
{
    private const int Width = 860, LabelWidth = 170, BarWidth = 460, Row = 22, Head = 34, Gap = 14;

    private static readonly (string Scenario, Figure Figure, string Title)[] Panels =
    [
        ("hello-32", Figure.Rate, "hello, 32 kept-alive connections: requests/s"),
        ("hello-32", Figure.Cost, "the same: CPU of the server per request, in µs (less is better)"),
        ("close", Figure.Rate, "a connection for each request: requests/s"),
        ("blocked-16", Figure.Rate, "8 connections while 16 others call a handler that blocks 100 ms: requests/s"),
    ];

    internal static string Svg(Results results)
    {
        var body = new StringBuilder();
        var y = Gap;
        foreach (var (scenario, figure, title) in Panels)
        {
            var bars = results.Peers(scenario).Select(peer => (Peer: peer, Spread: results.Spread(scenario, peer.Name, figure)))
                .Where(bar => bar.Spread != null).Select(bar => (bar.Peer, Value: bar.Spread!.Value.Median)).ToList();
            if (bars.Count == 0) continue;
            y = Panel(body, y, title, bars, value => value.ToString(figure.Format, CultureInfo.InvariantCulture), peer => results.Ratio(scenario, peer, figure, Roster.Kestrel));
        }

        var source = $"{results.Header.Machine}; medians of {results.Header.Rounds} runs of {results.Header.Seconds} s in turns, {results.Header.Date}; scripts/bench";
        Text(body, 12, y + 10, source, "fill=\"#666\" font-size=\"11\"");
        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{y + 24}" viewBox="0 0 {Width} {y + 24}" font-family="system-ui, sans-serif" font-size="13" role="img">
            <title>StarletNet beside its peers</title>
            <rect width="100%" height="100%" fill="#ffffff"/>
            {body}</svg>

            """;
    }

    private static int Panel(StringBuilder body, int y, string title, List<(Peer Peer, double Value)> bars, Func<double, string> format, Func<string, double?> ratio)
    {
        Text(body, 12, y + 16, title, "font-weight=\"600\" fill=\"#222\"");
        y += Head;
        var most = bars.Max(bar => bar.Value);
        foreach (var (peer, value) in bars)
        {
            // A pixel at least: a bar too short to be seen would look like a missing one.
            var length = Math.Max(1, (int)Math.Round(value / most * BarWidth));
            Text(body, LabelWidth - 8, y + 12, peer.Name, "text-anchor=\"end\" fill=\"#222\"");
            body.AppendLine($"<rect x=\"{LabelWidth}\" y=\"{y}\" width=\"{length}\" height=\"{Row - 6}\" rx=\"2\" fill=\"{Colour(peer)}\"/>");
            var times = ratio(peer.Name) is { } against && peer.Name != Roster.Kestrel ? $" ({against.ToString("0.00", CultureInfo.InvariantCulture)} × kestrel)" : "";
            Text(body, LabelWidth + length + 6, y + 12, format(value) + times, "fill=\"#444\"");
            y += Row;
        }

        return y + Gap;
    }

    private static void Text(StringBuilder body, int x, int y, string text, string attributes) =>
        body.AppendLine($"<text x=\"{x}\" y=\"{y}\" {attributes}>{SecurityElement.Escape(text)}</text>");

    private static string Colour(Peer peer) => peer.Family switch
    {
        "starletnet" => "#2a78d6",
        "kestrel" => "#8a6bbf",
        "nginx" => "#3f9b57",
        "limit" => "#999999",
        _ => "#c98a2b",
    };
}
