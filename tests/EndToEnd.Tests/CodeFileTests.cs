using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A file-based application: starletnet web.cs, with the real SDK.</summary>
public sealed class CodeFileTests
{
    private static readonly TimeSpan BuildTime = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task A_file_of_code_is_built_served_and_rolled_when_it_changes_and_a_mistake_takes_nothing_down()
    {
        using var scratch = new ScratchDirectory();
        var file = Write(scratch, "\"one\"");
        var listening = Listening.On(Transport.Tcp, scratch);
        using var program = ProgramUnderTest.Start(Artifacts.StarletNet, [listening.StarletNetOption, "--max-workers=1", "--reload", file],
            new ProgramOptions { Environment = new Dictionary<string, string> { ["UseSharedCompilation"] = "false", ["MSBUILDDISABLENODEREUSE"] = "1" } });
        await program.LineAsync("serving .*web.dll with", deadline: BuildTime);
        Assert.Equal("one", await Browser.GetAsync(listening.Target, "/"));

        Write(scratch, "nonsense");
        await program.LineAsync("web.cs\\(.*error CS0103", deadline: BuildTime);
        await program.LineAsync("no restart: the build of .*web.cs failed", deadline: BuildTime);
        Assert.Equal("one", await Browser.GetAsync(listening.Target, "/"));

        Write(scratch, "\"two\"");
        await program.LineAsync("restart done: all workers are of generation 2", deadline: BuildTime);
        await Eventually.TrueAsync(() => Browser.GetAsync(listening.Target, "/").GetAwaiter().GetResult() == "two", "the new code answers");
        Assert.Equal(0, (await program.StopAsync()).Code);
        await program.NothingLeftAsync();
    }

    private static string Write(ScratchDirectory scratch, string answer) => scratch.Write("web.cs", $"""
        #:sdk Microsoft.NET.Sdk.Web
        var app = WebApplication.Create(args);
        app.MapGet("/", () => {answer});
        app.Run();
        """);
}
