using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Releases that are published over the running one, with --shadow-copy.</summary>
public sealed class OverwrittenReleaseTests
{
    [Fact]
    public async Task Files_overwritten_in_place_under_load_lose_nothing_and_change_nothing_before_the_restart()
    {
        using var scratch = new ScratchDirectory();
        string[] builds = [Artifacts.TestApp("TestApp", "1.0.1"), Artifacts.TestApp("TestApp", "1.0.2")];
        var (directory, copies) = (Directory.CreateDirectory(scratch.File("app")).FullName, Directory.CreateDirectory(scratch.File("copies")).FullName);
        PublishOver(directory, builds[0], "one");
        var listening = Listening.On(Transport.Tcp, scratch);
        using var program = ProgramUnderTest.Start(Artifacts.StarletNet,
            [listening.StarletNetOption, "--max-workers=2", "--shadow-copy", $"--shadow-dir={copies}", "TestApp.dll"], new ProgramOptions { WorkingDirectory = directory });
        await program.LineAsync("serving .* with 2 workers");
        await using var load = LoadMix.Start(listening.Target, seed: 5);
        await load.EveryKindAnsweredAgainAsync();

        foreach (var (build, before, now, generation) in new[] { (1, "one", "two", 2), (0, "two", "three", 3) })
        {
            PublishOver(directory, builds[build], now);
            await load.EveryKindAnsweredAgainAsync();
            Assert.Matches($"^{Regex.Escape(copies)}/starletnet-copy-[0-9a-f]+ {before}$", await Browser.GetAsync(listening.Target, "/root"));
            program.Send(UnixSignal.Hup);
            await program.LineAsync($"restart done: all workers are of generation {generation}");
            await load.EveryKindAnsweredAgainAsync();
            await Eventually.TrueAsync(() => Browser.GetAsync(listening.Target, "/root").GetAwaiter().GetResult().EndsWith($" {now}", StringComparison.Ordinal), "the new settings hold");
        }

        var tally = await load.StopAsync();
        Verdict.NothingLost(tally, program);
        Verdict.NoComplaint(program);
        Assert.Equal(["1.0.1.0", "1.0.2.0"], tally.Versions);
        Assert.Equal(0, (await program.StopAsync()).Code);
        await program.NothingLeftAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(copies));
    }

    // In the same files, as dotnet publish does: whoever has one open or mapped sees the new bytes.
    private static void PublishOver(string directory, string build, string release)
    {
        foreach (var file in Directory.EnumerateFiles(build)) Overwrite(Path.Combine(directory, Path.GetFileName(file)), File.ReadAllBytes(file));
        Overwrite(Path.Combine(directory, "appsettings.json"), System.Text.Encoding.UTF8.GetBytes($$"""{ "Release": "{{release}}" }"""));
    }

    private static void Overwrite(string file, byte[] content)
    {
        using var stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(0);
        stream.Write(content);
    }
}
