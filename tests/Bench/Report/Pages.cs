using StarletNet.TestKit;

namespace StarletNet.Bench.Report;

/// <summary>The files of a run.</summary>
internal static class Pages
{
    private const string Begin = "<!-- figures: written by scripts/bench --readme -->", End = "<!-- end of figures -->";

    internal static void Write(BenchOptions options, Results results)
    {
        Directory.CreateDirectory(options.Output);
        File.WriteAllText(Path.Combine(options.Output, "results.md"), Page(results, "chart.svg"));
        File.WriteAllText(Path.Combine(options.Output, "chart.svg"), Chart.Svg(results));
        if (!options.Readme) return;
        var docs = Directory.CreateDirectory(Path.Combine(Artifacts.RepositoryRoot, "docs")).FullName;
        File.WriteAllText(Path.Combine(docs, "bench.md"), Page(results, "bench.svg"));
        File.WriteAllText(Path.Combine(docs, "bench.svg"), Chart.Svg(results));
        var readme = Path.Combine(Artifacts.RepositoryRoot, "README.md");
        File.WriteAllText(readme, InReadme(File.ReadAllText(readme), results));
    }

    /// <summary>The README with what stands between the two marks replaced.</summary>
    /// <exception cref="TestKitException">It has no such marks.</exception>
    internal static string InReadme(string readme, Results results)
    {
        var from = readme.IndexOf(Begin, StringComparison.Ordinal);
        var to = readme.IndexOf(End, StringComparison.Ordinal);
        if (from < 0 || to < from) throw new TestKitException($"README.md lacks the marks '{Begin}' and '{End}'");
        var header = results.Header;
        return readme[..(from + Begin.Length)] + $"""


            ![requests/s and CPU per request of each server](docs/bench.svg)

            Medians of {header.Rounds} runs of {header.Seconds} s in turns, {header.Date}: {header.Machine}. Each scenario has its table in [docs/bench.md](docs/bench.md).


            """ + readme[to..];
    }

    private static string Page(Results results, string chart) => $"""
        # Figures

        Written by `scripts/bench --readme` on {results.Header.Date}: {results.Header.Machine}, Linux {results.Header.Kernel},
        {results.Header.Runtime}. Servers and load generators share the machine, over loopback. Each figure is the median of
        {results.Header.Rounds} runs of {results.Header.Seconds} s; the servers take turns, so that a slow moment of the machine meets all alike. ± is half the
        distance between the best and the worst run. *CPU* is user and system time of all the server's processes. *PSS* is
        resident memory with shared pages divided among those who share them. `/ kestrel` and `/ limit` are multiples of what
        the same application gets as `dotnet app.dll`, and of what a bare C epoll server with as many processes gets.

        ![chart]({chart})

        {Tables.Markdown(results)}
        """;
}
