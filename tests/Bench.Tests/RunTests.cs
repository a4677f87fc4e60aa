using StarletNet.Bench.Report;
using StarletNet.TestKit;

namespace StarletNet.Bench.Tests;

/// <summary>The program itself, as short as it can be. Nothing here asserts a speed.</summary>
public sealed class RunTests
{
    [Fact]
    public async Task A_quick_run_gives_figures_for_each_server_and_leaves_nothing_behind()
    {
        Assert.SkipWhen(SystemPrograms.Find("wrk") == null, "wrk is not installed (Debian package wrk)");
        using var scratch = new ScratchDirectory();

        using var bench = Start("--quick", "--only=hello-32,tls", "--peers=limit-1,kestrel", $"--out={scratch.Path}");

        // The application may have to be published first.
        Assert.True((await bench.ExitAsync(TimeSpan.FromMinutes(5))).Code == 0, bench.Describe());
        var results = Results.Read(scratch.File("results.jsonl"));
        foreach (var peer in new[] { "limit-1", "kestrel" })
        {
            foreach (var figure in results.Figures("hello-32").Where(figure => figure.Name != "errors"))
                Assert.True(results.Spread("hello-32", peer, figure)!.Value.Median > 0, $"{peer}, {figure.Name}\n{bench.Describe()}");
        }

        Assert.Equal(["limit-1: it speaks plain HTTP/1.1 only"], results.NotThere("tls"));
        Assert.NotNull(results.Spread("tls", "kestrel", Measures.Figure.Rate));
        Assert.Contains("| kestrel | ", File.ReadAllText(scratch.File("results.md")));
        Assert.StartsWith("<svg", File.ReadAllText(scratch.File("chart.svg")));
        await bench.NothingLeftAsync();
    }

    [Fact]
    public async Task An_interrupt_ends_the_servers_too()
    {
        Assert.SkipWhen(SystemPrograms.Find("wrk") == null, "wrk is not installed (Debian package wrk)");
        using var scratch = new ScratchDirectory();
        using var bench = Start("--only=hello-32", "--peers=limit-1", "--rounds=1000", "--seconds=1", $"--out={scratch.Path}");
        await bench.LineAsync("^  limit-1 .* requests/s");
        bench.Send(UnixSignal.Int);

        Assert.Equal(130, (await bench.ExitAsync()).Code);
        await bench.NothingLeftAsync();
        Assert.Contains("limit-1", File.ReadAllText(scratch.File("results.jsonl")));
    }

    [Fact]
    public async Task Results_can_be_reported_on_again()
    {
        using var scratch = new ScratchDirectory();
        var header = new Header("2030-01-02", "m", "k", "r", 1, 1);
        var file = scratch.Write("old.jsonl", header.ToJson() + "\n{\"scenario\":\"json\",\"peer\":\"kestrel\",\"round\":1,\"requests/s\":5}\n");

        using var bench = Start($"--from={file}", $"--out={scratch.File("new")}");

        Assert.Equal(0, (await bench.ExitAsync()).Code);
        Assert.Contains("kestrel           5", bench.OutputText);
        Assert.Contains("on 2030-01-02: m", File.ReadAllText(scratch.File("new/results.md")));
    }

    [Theory]
    [InlineData("--only=nothing")]
    [InlineData("--from=/nowhere")]
    public async Task Bad_usage_ends_in_exit_code_2_and_one_line(string argument)
    {
        using var bench = Start(argument);

        Assert.Equal(2, (await bench.ExitAsync()).Code);
        Assert.Matches("^bench: [^\n]*$", bench.ErrorText);
    }

    private static ProgramUnderTest Start(params string[] arguments) =>
        ProgramUnderTest.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "bench.dll"), .. arguments]);
}
