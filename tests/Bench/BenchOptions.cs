using System.Globalization;
using System.Text.RegularExpressions;
using StarletNet.Bench.Peers;
using StarletNet.Bench.Scenarios;

namespace StarletNet.Bench;

/// <summary>The command line, valid.</summary>
/// <param name="Scenarios">In the order of the programme.</param>
/// <param name="From">Results of an earlier run to report on, instead of a run.</param>
internal sealed record BenchOptions(
    IReadOnlyList<Scenario> Scenarios, IReadOnlyList<Peer> Peers, int Rounds, int Seconds, bool Quick, string Output, bool Readme, string? From)
{
    internal static string Help => $$"""
        usage: scripts/bench [options]

        Runs starletnet, plain Kestrel, nginx, a bare C epoll server, Starlet and Starman side by side on loopback, in turns, and
        compares them. The machine should have nothing else to do: compare ratios of one run, never figures of two.

          --only NAME,...     these scenarios alone; * stands for anything, as in 'hello-*'   (default: all)
          --peers NAME,...    these servers alone, in the same way                            (default: all)
          --rounds N          runs of each, in turns; the tables show their median            (default: 5)
          --seconds N         length of one run                                               (default: 3)
          --workers N         starletnet also with N workers, beside 1 and 2                  (default: one per processor)
          --quick             one round of 1 s, hardly warmed up, few servers, no bad habits: under three minutes, and rough
          --out DIR           where results.jsonl, results.md and chart.svg go                (default: out/bench)
          --readme            also write docs/bench.md and docs/bench.svg, and show them in the README
          --from FILE         no runs: report on the JSON lines of an earlier one
          --list              names of scenarios and servers
          --help

        Needs wrk, and for HTTP/2 and Unix sockets h2load; what else is missing (a program, an option, a protocol) is reported as
        "not there" in one line. Exit codes: 0 done; 1 a server or load generator failed in the middle; 2 bad usage.

        """;

    internal static string Names(int workers) =>
        "scenarios:\n" + string.Concat(Programme.All.Select(scenario => $"  {scenario.Name,-12} {scenario.Words}\n"))
        + "servers:\n" + string.Concat(Roster.All(workers).Select(peer => $"  {peer.Name,-22} {peer.Words}\n"));

    /// <exception cref="FormatException">Says what is wrong.</exception>
    internal static BenchOptions Parse(IReadOnlyList<string> arguments, string root, int processors)
    {
        string[] switches = ["--quick", "--readme"];
        string[] known = ["--only", "--peers", "--rounds", "--seconds", "--workers", "--out", "--from"];
        var values = new Dictionary<string, string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = arguments[i].Split('=', 2) is [var before, var after] ? (before, after) : (arguments[i], (string?)null);
            if (switches.Contains(name) && value == null) values[name] = "";
            else if (!known.Contains(name)) throw new FormatException($"unknown option {name}");
            else values[name] = value ?? (++i < arguments.Count ? arguments[i] : throw new FormatException($"{name} needs a value"));
        }

        var quick = values.ContainsKey("--quick");
        var workers = Number("--workers", processors, 1024);
        var roster = Roster.All(workers);
        return new BenchOptions(
            Chosen("--only", Programme.All, scenario => scenario.Name, scenario => !quick || scenario.IsQuick),
            Chosen("--peers", roster, peer => peer.Name, peer => !quick || Roster.Quick.Contains(peer.Name)),
            Number("--rounds", quick ? 1 : 5, 1000), Number("--seconds", quick ? 1 : 3, 3600), quick,
            Path.GetFullPath(values.GetValueOrDefault("--out") ?? Path.Combine(root, "out", "bench")),
            values.ContainsKey("--readme"), values.GetValueOrDefault("--from"));

        int Number(string option, int otherwise, int most)
        {
            if (!values.TryGetValue(option, out var text)) return otherwise;
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most
                ? number
                : throw new FormatException($"{option} {text}: a whole number from 1 to {most} is needed");
        }

        IReadOnlyList<T> Chosen<T>(string option, IReadOnlyList<T> all, Func<T, string> name, Func<T, bool> otherwise)
        {
            if (!values.TryGetValue(option, out var text)) return [.. all.Where(otherwise)];
            var patterns = text.Split(',', StringSplitOptions.RemoveEmptyEntries);
            foreach (var pattern in patterns.Where(pattern => !all.Any(one => Fits(pattern, name(one)))))
                throw new FormatException($"{option} {pattern}: there is none; --list shows the names");
            return [.. all.Where(one => patterns.Any(pattern => Fits(pattern, name(one))))];
        }
    }

    private static bool Fits(string pattern, string name) =>
        Regex.IsMatch(name, "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$");
}
