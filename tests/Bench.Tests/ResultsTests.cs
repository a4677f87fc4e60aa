using System.Xml.Linq;
using StarletNet.Bench.Load;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Report;
using StarletNet.TestKit;

namespace StarletNet.Bench.Tests;

public sealed class ResultsTests
{
    private static readonly Header Header = new("2030-01-02", "2 processors, <some> & other", "6.1", ".NET 10", 3, 2);

    [Fact]
    public void Ratios_are_of_medians_and_to_the_limit_with_as_many_processes()
    {
        var results = Sample();

        Assert.Equal(2.0, results.Ratio("hello-32", "starletnet-pool-1", Figure.Rate, "kestrel"));
        Assert.Null(results.Ratio("hello-32", "nginx", Figure.Rate, "kestrel"));
        var peers = results.Peers("hello-32").ToDictionary(peer => peer.Name);
        Assert.Equal("limit-1", results.LimitFor("hello-32", peers["starletnet-pool-1"]));
        Assert.Equal("limit-2", results.LimitFor("hello-32", peers["kestrel"] with { Workers = 64 }));
        // A server of another machine's run, with a number of workers that the roster here does not have.
        Assert.Equal(("starletnet", 48), (peers["starletnet-pool-48"].Family, peers["starletnet-pool-48"].Workers));
    }

    [Fact]
    public void A_table_has_a_row_for_each_server_and_a_line_for_each_that_is_not_there()
    {
        var table = Tables.Markdown(Sample());

        Assert.Contains("| server | requests/s | / kestrel | / limit | p99 ms |\n", table);
        Assert.Contains("| starletnet-pool-1 | 2,000 ±10 % | 2.00 | 0.50 | 0.25 |\n", table);
        Assert.Contains("| kestrel | 1,000 ±0 % | 1.00 | ", table);
        Assert.Contains("Not there: nginx, starman: not installed.\n", table);
        Assert.Contains("starletnet-pool-1   2,000 ±10 %", Tables.Text(Sample()));
    }

    [Fact]
    public void The_chart_is_sound_xml_with_the_longest_bar_for_the_largest_figure()
    {
        var chart = XDocument.Parse(Chart.Svg(Sample()));
        XNamespace svg = "http://www.w3.org/2000/svg";
        var bars = chart.Descendants(svg + "rect").Skip(1).Select(bar => (int)bar.Attribute("width")!).ToList();

        Assert.Equal(6, bars.Count);
        Assert.Equal(460, bars.Max());
        var texts = chart.Descendants(svg + "text").Select(text => text.Value).ToList();
        Assert.Contains("2,000 (2.00 × kestrel)", texts);
        Assert.Contains(texts, text => text.StartsWith("2 processors, <some> & other; medians of 3 runs of 2 s", StringComparison.Ordinal));
    }

    [Fact]
    public void The_readme_shows_the_chart_between_its_marks_and_nothing_else_changes()
    {
        var readme = File.ReadAllText(Path.Combine(Artifacts.RepositoryRoot, "README.md"));

        var once = Pages.InReadme(readme, Sample());

        Assert.Contains("(docs/bench.svg)\n\nMedians of 3 runs of 2 s in turns, 2030-01-02: 2 processors", once);
        Assert.Equal(once, Pages.InReadme(once, Sample()));
        Assert.Equal(readme.Split("<!-- figures")[0], once.Split("<!-- figures")[0]);
        Assert.Equal(readme.Split("<!-- end of figures")[1], once.Split("<!-- end of figures")[1]);
        Assert.Throws<TestKitException>(() => Pages.InReadme("nothing", Sample()));
    }

    [Fact]
    public void Written_lines_are_read_again()
    {
        using var scratch = new ScratchDirectory();
        var outcome = Outcome("kestrel", 2, 1234.5);
        var gone = new Outcome("hello-32", "nginx", 0, new Dictionary<Figure, double>(), "it is \"not\" there");
        var file = scratch.Write("r.jsonl", $"{Header.ToJson()}\n{outcome.ToJson()}\n{gone.ToJson()}\n");

        var read = Results.Read(file);

        Assert.Equal(Header, read.Header);
        Assert.Equal(1234.5, read.Spread("hello-32", "kestrel", Figure.Rate)!.Value.Median);
        Assert.Equal(["nginx: it is \"not\" there"], read.NotThere("hello-32"));
        Assert.Contains("\"CPU µs/request\":", new Outcome("s", "p", 1, new Dictionary<Figure, double> { [Figure.Cost] = 1 }).ToJson());
        Assert.Throws<FormatException>(() => Results.Read(scratch.Write("other", outcome.ToJson())));
        Assert.Throws<FormatException>(() => Measures.Outcome.FromJson("{\"scenario\":\"s\",\"peer\":\"p\",\"speed\":1}"));
    }

    [Fact]
    public void What_the_load_generators_print_is_understood()
    {
        Assert.Equal(new LoadResult(4000, 2, 0.5, 1.25, 3, 7), Wrk.Parse("""{"n":4000,"us":2000000,"e":7,"p50":500,"p99":1250,"p999":3000}"""));
        Assert.Equal(2000, Wrk.Parse("""{"n":4000,"us":2000000,"e":7,"p50":500,"p99":1250,"p999":3000}""").Rate);
        Assert.Equal(new LoadResult(3, 2, 0.2, 0.3, 0.3, 2), H2Load.Parse(["1\t200\t300", "2\t200\t100", "3\t500\t9", "4\t-1\t9", "5\t200\t200"], 2));
        Assert.Equal(new LoadResult(0, 2, 0, 0, 0, 0), H2Load.Parse([], 2));
    }

    private static Results Sample()
    {
        var results = new Results(Header);
        foreach (var (round, rate) in new[] { (1, 1800.0), (2, 2200.0), (3, 2000.0) })
        {
            results.Add(Outcome("starletnet-pool-1", round, rate));
            results.Add(Outcome("kestrel", round, 1000));
            results.Add(Outcome("limit-1", round, 4000));
            results.Add(Outcome("limit-2", round, 5000));
            results.Add(Outcome("starletnet-pool-48", round, 10));
            results.Add(Outcome("starlet", round, 0.1));
        }

        foreach (var peer in new[] { "nginx", "starman" })
            results.Add(new Outcome("hello-32", peer, 0, new Dictionary<Figure, double>(), "not installed"));
        return results;
    }

    private static Outcome Outcome(string peer, int round, double rate) =>
        new("hello-32", peer, round, new Dictionary<Figure, double> { [Figure.Rate] = rate, [Figure.P99] = 0.25 });
}
