using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>Surroundings and moments that a start should survive.</summary>
public sealed class AwkwardStartTests
{
    private static string Application => Path.Combine(Artifacts.TestApp("TestApp"), "TestApp.dll");

    [Theory]
    [InlineData(UnixSignal.Int)]
    [InlineData(UnixSignal.Quit)]
    public async Task A_background_job_of_a_script_stops_gracefully_on_interrupt(UnixSignal signal)
    {
        using var scratch = new ScratchDirectory();
        var (socket, pid) = (scratch.File("socket"), scratch.File("pid"));
        // What a shell does for `program &` when it has no job control.
        using var master = ProgramUnderTest.Start("sh",
            ["-c", "trap '' INT QUIT; exec \"$0\" \"$@\"", Artifacts.StarletNet, $"--socket={socket}", $"--pid={pid}", Application]);
        await master.LineAsync("serving .* workers");

        master.Send(signal);

        Assert.Equal(0, (await master.ExitAsync()).Code);
        Assert.DoesNotContain("signal", master.ErrorText.Replace($"(signal {signal.ToString().ToUpperInvariant()})", "", StringComparison.Ordinal));
        await master.NothingLeftAsync(socket, pid);
    }

    [Fact]
    public async Task A_stop_while_the_workers_boot_ends_them_without_complaint()
    {
        using var master = ProgramUnderTest.Start(Artifacts.StarletNet, [$"--listen=127.0.0.1:{FreePort.Next()}", Application],
            new ProgramOptions { Environment = new Dictionary<string, string> { ["APP_START_DELAY_MS"] = "30000" } });
        await master.LineAsync("worker 0 .* is starting");

        var exit = await master.StopAsync();

        Assert.Equal(0, exit.Code);
        Assert.DoesNotContain("killed", master.ErrorText);
        Assert.DoesNotContain("ABRT", master.ErrorText);
        Assert.DoesNotContain("Unhandled", master.ErrorText);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task Arguments_and_variables_that_are_not_utf_8_reach_the_program_as_they_are()
    {
        using var shell = ProgramUnderTest.Start("sh",
        [
            "-c", "FOO=$(printf '\\351t') exec \"$0\" --interval=0 -- perl -e '$|=1; print unpack(\"H*\", $ARGV[0]), \" \", unpack(\"H*\", $ENV{FOO}), \"\\n\"; sleep 60' \"$(printf 'a\\351b')\"",
            Artifacts.StartServer,
        ]);

        await shell.LineAsync("^61e962 e974$");
        Assert.Equal(0, (await shell.StopAsync()).Code);
    }

    [Fact]
    public async Task Closed_standard_streams_are_not_filled_with_descriptors_of_ours()
    {
        var port = FreePort.Next();
        using var scratch = new ScratchDirectory();
        var pid = scratch.File("pid");
        using var shell = ProgramUnderTest.Start("sh",
            ["-c", "\"$0\" \"$@\" <&- >&- 2>&-", Artifacts.StarletNet, $"--listen=127.0.0.1:{port}", $"--pid={pid}", "--max-workers=1", Application]);
        await Browser.ServingAsync(Target.Tcp(port), shell);

        var master = int.Parse(LockedFile.ReadAllText(pid));
        foreach (var number in new[] { 1, 2 }) Assert.Equal("/dev/null", new FileInfo($"/proc/{master}/fd/{number}").LinkTarget);
        ProcessEntry.Read(master)!.Send(UnixSignal.Term);
        Assert.Equal(0, (await shell.ExitAsync()).Code);
    }
}
