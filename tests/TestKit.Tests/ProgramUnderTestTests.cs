namespace StarletNet.TestKit.Tests;

public sealed class ProgramUnderTestTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Lines_of_both_streams_are_captured_and_can_be_awaited()
    {
        using var program = Shell("echo one; echo two >&2; read x < /dev/null; echo three; exit 3");

        Assert.Equal(OutputStream.Error, (await program.LineAsync("^two$")).Stream);
        Assert.Equal(3, (await program.ExitAsync()).Code);
        Assert.Equal("one\nthree", program.OutputText);
        Assert.Equal("two", program.ErrorText);
    }

    [Fact]
    public async Task A_wait_can_begin_behind_what_was_printed()
    {
        using var program = Shell("trap 'echo hup' HUP; echo ready; while :; do sleep 0.05; done");
        await program.LineAsync("ready");
        program.Send(UnixSignal.Hup);
        var first = await program.LineAsync("hup");

        await Assert.ThrowsAsync<TestKitException>(() => program.LineAsync("hup", since: first.Index + 1, Short));
        program.Send(UnixSignal.Hup);
        await program.LineAsync("hup", since: first.Index + 1);
    }

    [Fact]
    public async Task A_failed_wait_shows_output_processes_and_status_file()
    {
        using var scratch = new ScratchDirectory();
        var status = scratch.Write("status", "1:4711\n");
        using var program = ProgramUnderTest.Start("sh", ["-c", "echo trouble >&2; sleep 1000 & wait"], new ProgramOptions { StatusFile = status });
        await program.LineAsync("trouble");

        var failure = await Assert.ThrowsAsync<TestKitException>(() => program.LineAsync("never", deadline: Short));

        Assert.Contains("/never/ did not come in time", failure.Message, StringComparison.Ordinal);
        Assert.Contains("err trouble", failure.Message, StringComparison.Ordinal);
        Assert.Matches("[0-9]+ .*sleep 1000", failure.Message);
        Assert.Contains("1:4711", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_fails_at_once_when_the_program_has_ended()
    {
        using var program = Shell("echo bye");

        var failure = await Assert.ThrowsAsync<TestKitException>(() => program.LineAsync("never"));

        Assert.Contains("it ended without", failure.Message, StringComparison.Ordinal);
        Assert.Contains("exit code 0", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Death_by_a_signal_is_told_from_an_exit_code()
    {
        using var program = Shell("kill -USR1 $$");

        Assert.Equal(new ProgramExit(null, (int)UnixSignal.Usr1), await program.ExitAsync());
    }

    [Fact]
    public async Task The_program_leads_its_own_session_with_default_signals()
    {
        using var program = Shell("grep -E '^Sig(Ign|Blk)' /proc/self/status; cut -d' ' -f5,6 /proc/$$/stat; exec sleep 1000");
        await program.LineAsync($"^{program.Pid} {program.Pid}$");

        // Signals 32 and 33 are glibc's own; a signal set cannot name them.
        var ignored = Convert.ToUInt64((await program.LineAsync("SigIgn")).Text.Split('\t')[1], 16) & 0x7fffffff;
        Assert.Equal(0ul, ignored);
        Assert.EndsWith("0000000000000000", (await program.LineAsync("SigBlk")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Environment_directory_and_descriptors_are_as_told()
    {
        using var scratch = new ScratchDirectory();
        using var file = File.OpenHandle(scratch.Write("f", "from the descriptor"));
        var options = new ProgramOptions
        {
            Environment = new Dictionary<string, string> { ["GREETING"] = "hello there" },
            WorkingDirectory = scratch.Path,
            Descriptors = [((int)file.DangerousGetHandle(), 9)],
        };
        using var program = ProgramUnderTest.Start("sh", ["-c", "pwd; echo $GREETING; cat <&9; env | grep -c ^DOTNET_CLI"], options);

        await program.ExitAsync();

        Assert.Equal($"{scratch.Path}\nhello there\nfrom the descriptor0", program.OutputText);
    }

    [Fact]
    public async Task Disposing_kills_even_an_orphan_that_left_the_session()
    {
        int stray;
        using (var program = Shell("setsid sh -c 'echo $$; exec sleep 1000' &"))
        {
            await program.ExitAsync();
            stray = int.Parse((await program.LineAsync("^[0-9]+$")).Text);
            Assert.NotNull(ProcessEntry.Read(stray));
        }

        await Eventually.TrueAsync(() => ProcessEntry.Read(stray) is null or { IsZombie: true }, "the stray is dead");
    }

    [Theory]
    [InlineData('S', 2, false)]
    [InlineData('Z', 1, true)]
    [InlineData('Z', 2, false)]
    [InlineData('X', 0, true)]
    public void A_process_is_dead_when_its_last_thread_is(char state, int threads, bool dead) =>
        Assert.Equal(dead, new ProcessEntry(Pid: 7, Parent: 1, Group: 7, Session: 7, state, threads, "true").IsZombie);

    [Fact]
    public void Our_own_threads_are_counted()
    {
        var mine = ProcessEntry.Read(Environment.ProcessId)!;
        Assert.False(mine.IsZombie);
        Assert.InRange(mine.Threads, 2, 10_000);
    }

    [Fact]
    public async Task Strays_and_files_left_behind_are_reported()
    {
        using var scratch = new ScratchDirectory();
        using (var clean = Shell("exit 0"))
        {
            await clean.NothingLeftAsync(scratch.File("pid"));
        }

        using var program = Shell($"echo 1 > {scratch.File("pid")}");
        var failure = await Assert.ThrowsAsync<TestKitException>(() => program.NothingLeftAsync(scratch.File("pid")));
        Assert.Contains("left behind: " + scratch.File("pid"), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Input_stays_open_until_it_is_ended()
    {
        using var program = ProgramUnderTest.Start("cat", [], new ProgramOptions { PipeInput = true });
        Assert.False(program.HasExited);
        program.EndInput();

        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    private static ProgramUnderTest Shell(string script) => ProgramUnderTest.Start("/bin/sh", ["-c", script]);
}
