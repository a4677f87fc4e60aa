using System.Globalization;
using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A program that waits for the next deploy does not keep the code of the last one in memory.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed partial class ResidentCodeTests
{
    [Fact]
    public async Task Start_server_gives_back_the_code_of_its_start()
    {
        using var server = ProgramUnderTest.Start(Artifacts.StartServer, ["--interval=0", "--", "sleep", "1000"]);
        await server.LineAsync("^starting new worker");
        // Only native code is given back, and only that is mapped as the program itself.
        var own = Code(server.Pid);
        Assert.SkipWhen(own.Size < 1000, "not a native build");

        await Eventually.TrueAsync(() => Code(server.Pid).Resident < own.Size * 3 / 4, "code is given back", server.Describe);

        Assert.Equal(0, (await server.StopAsync()).Code);
    }

    /// <summary>KiB of the executable's code, and how much of it is in memory for this process.</summary>
    private static (long Size, long Resident) Code(int pid)
    {
        var mapping = ExecutableMapping().Match(File.ReadAllText($"/proc/{pid}/smaps"));
        return mapping.Success ? (Number(mapping, 1), Number(mapping, 2)) : (0, 0);
    }

    private static long Number(Match match, int group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@" r-xp [^\n]*/start_server\nSize:\s+(\d+) kB\n(?:[A-Z][^\n]*\n)*?Rss:\s+(\d+) kB")]
    private static partial Regex ExecutableMapping();
}
