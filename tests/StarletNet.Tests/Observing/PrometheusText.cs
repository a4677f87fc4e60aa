using System.Globalization;
using System.Text.RegularExpressions;

namespace StarletNet.Master.Tests.Observing;

/// <summary>Reads the text format of Prometheus strictly, by its grammar: what is not allowed is an error, not a gap.</summary>
internal sealed class PrometheusText
{
    private const string Name = "[a-zA-Z_:][a-zA-Z0-9_:]*", Label = "[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\"";

    private static readonly Regex Sample = new($"^({Name})(?:\\{{({Label}(?:,{Label})*)\\}})? ([-+]?[0-9.]+(?:e[-+]?[0-9]+)?|NaN|[-+]Inf)$");

    /// <summary>By name, and by name with labels.</summary>
    internal Dictionary<string, double> Samples { get; } = [];

    internal Dictionary<string, string> Types { get; } = [];

    internal static PrometheusText Parse(string text)
    {
        Assert.EndsWith("\n", text);
        var parsed = new PrometheusText();
        string? current = null;
        var helps = new HashSet<string>();
        foreach (var line in text.Split('\n')[..^1])
        {
            if (Regex.Match(line, $"^# HELP ({Name}) (.+)$") is { Success: true } help)
            {
                Assert.True(helps.Add(help.Groups[1].Value), $"second HELP of {help.Groups[1].Value}");
            }
            else if (Regex.Match(line, $"^# TYPE ({Name}) (counter|gauge)$") is { Success: true } type)
            {
                current = type.Groups[1].Value;
                Assert.True(parsed.Types.TryAdd(current, type.Groups[2].Value), $"second TYPE of {current}");
                // Conventions: only counters end in _total, and base units are written out.
                Assert.Equal(type.Groups[2].Value == "counter", current.EndsWith("_total", StringComparison.Ordinal));
            }
            else
            {
                var sample = Sample.Match(line);
                Assert.True(sample.Success, $"'{line}' is no sample");
                Assert.Equal(current, sample.Groups[1].Value);
                Assert.True(parsed.Samples.TryAdd(line[..line.LastIndexOf(' ')], double.Parse(sample.Groups[3].Value, CultureInfo.InvariantCulture)), line);
            }
        }
        Assert.Equal(parsed.Types.Keys.Order(), helps.Order());
        return parsed;
    }
}
