using System.Globalization;
using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A program that waits for the next deploy does not keep the code of the last one in memory, nor what was read at its start.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class ResidentCodeTests
{
    [Fact]
    public async Task Start_server_gives_back_the_code_of_its_start()
    {
        using var server = ProgramUnderTest.Start(Artifacts.StartServer, ["--interval=0", "--", "sleep", "1000"]);
        await server.LineAsync("^starting new worker");

        await IsGivenBackAsync(server, "start_server");

        Assert.Equal(0, (await server.StopAsync()).Code);
    }

    [Fact]
    public async Task A_master_gives_it_back_when_it_serves_and_serves_on()
    {
        var application = Path.Combine(Artifacts.TestApp("TestApp", "1.0.1"), "TestApp.dll");
        using var master = ProgramUnderTest.Start(Artifacts.StarletNet, [$"--listen=127.0.0.1:{FreePort.Next()}", "--max-workers=1", application]);
        await master.LineAsync("serving .* with 1 workers");

        await IsGivenBackAsync(master, "starletnet");

        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart done");
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    private static async Task IsGivenBackAsync(ProgramUnderTest program, string name)
    {
        // Only native code is given back, and only that is mapped as the program itself.
        Assert.SkipWhen(Mapped(program.Pid, name, "r-xp").Size < 1000, "not a native build");
        await Eventually.TrueAsync(() => Mapped(program.Pid, name, "r-xp") is var code && code.Resident < code.Size * 3 / 4, "code is given back", program.Describe);
        await Eventually.TrueAsync(() => Mapped(program.Pid, name, "r--p") is var constants && constants.Resident < constants.Size / 3, "constants are given back", program.Describe);
    }

    /// <summary>KiB of the executable that are mapped with these rights, and how many of them are in memory for this process.</summary>
    private static (long Size, long Resident) Mapped(int pid, string name, string rights)
    {
        var mappings = Regex.Matches(File.ReadAllText($"/proc/{pid}/smaps"), $@" {rights} [^\n]*/{name}\nSize:\s+(\d+) kB\n(?:[A-Z][^\n]*\n)*?Rss:\s+(\d+) kB");
        return (Sum(1), Sum(2));

        long Sum(int group) => mappings.Sum(mapping => long.Parse(mapping.Groups[group].ValueSpan, CultureInfo.InvariantCulture));
    }
}
