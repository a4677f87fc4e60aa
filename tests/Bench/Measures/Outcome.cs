using System.Text.Json.Nodes;

namespace StarletNet.Bench.Measures;

/// <summary>One run of one scenario against one peer: one JSON line. With <see cref="NotThere"/> it says why there is no run.</summary>
internal sealed record Outcome(string Scenario, string Peer, int Round, IReadOnlyDictionary<Figure, double> Figures, string? NotThere = null)
{
    internal string ToJson()
    {
        var line = new JsonObject { ["scenario"] = Scenario, ["peer"] = Peer };
        if (NotThere != null)
        {
            line["not_there"] = NotThere;
        }
        else
        {
            line["round"] = Round;
            foreach (var (figure, value) in Figures) line[figure.Name] = Math.Round(value, 4);
        }

        return line.ToJsonString(Text);
    }

    /// <exception cref="FormatException">The line is none that <see cref="ToJson"/> writes.</exception>
    internal static Outcome FromJson(string line)
    {
        var fields = JsonNode.Parse(line) as JsonObject ?? throw new FormatException($"no result: {line}");
        var figures = new Dictionary<Figure, double>();
        foreach (var (name, value) in fields)
        {
            if (name is not ("scenario" or "peer" or "round" or "not_there")) figures[Figure.Named(name)] = (double)value!;
        }

        return new Outcome((string)fields["scenario"]!, (string)fields["peer"]!, (int?)fields["round"] ?? 0, figures, (string?)fields["not_there"]);
    }

    // µ as itself.
    private static readonly System.Text.Json.JsonSerializerOptions Text =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
