using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary><c>--log-file</c> as a file that is rotated and as a command.</summary>
public sealed class LogTests
{
    /// <summary>A logger that tells its pid and ends with its input.</summary>
    private const string Logger = "| echo $$ >> DIR/pids; exec cat >> DIR/log";

    private static string Text(Superdaemon superdaemon, string file = "log") =>
        File.Exists(superdaemon.Scratch.File(file)) ? File.ReadAllText(superdaemon.Scratch.File(file)) : "";

    private static Task ContainsAsync(Superdaemon superdaemon, string text) =>
        Eventually.TrueAsync(() => Text(superdaemon).Contains(text, StringComparison.Ordinal), $"the log has '{text}'", () => Text(superdaemon));

    private static async Task<int> LoggerAsync(Superdaemon superdaemon, int which)
    {
        await Eventually.TrueAsync(() => Text(superdaemon, "pids").Count(c => c == '\n') >= which, $"logger {which} runs", superdaemon.Program.Describe);
        return int.Parse(Text(superdaemon, "pids").Split('\n')[which - 1]);
    }

    [Theory]
    [InlineData("| tee -a DIR/log")]
    [InlineData(Logger)]
    public async Task A_command_gets_everything_from_the_first_line_to_the_last(string command)
    {
        using var superdaemon = Superdaemon.Start(["--log-file", command], Children.Serve);
        await superdaemon.StatusAsync("1:P");
        await ContainsAsync(superdaemon, "up 1 ");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("2:P");
        await ContainsAsync(superdaemon, "up 2 ");
        await superdaemon.StopsCleanlyAsync();
        // The logger was waited for: all is there when we are gone.
        Assert.Matches(@"(?s)^starting new worker \d+\n.*got TERM 1\n.*got TERM 2\n.*\nexiting\n$", Text(superdaemon));
        Assert.Matches(@"^start_server \(pid:\d+\) starting now\.\.\.$", superdaemon.Program.ErrorText);
    }

    [Fact]
    public async Task A_logger_that_dies_is_replaced_and_nothing_that_was_written_meanwhile_is_lost()
    {
        var child = Children.Perl("""up(); my $gate = shift; wait_for($gate); print "line $_\n" for 1..2000; print "end\n"; sleep 60 while 1;""", "DIR/gate");
        using var scratch = new ScratchDirectory();
        using var superdaemon = Superdaemon.Start(["--log-file", Logger], [.. child.Select(word => word.Replace("DIR", scratch.Path, StringComparison.Ordinal))], scratch);
        await superdaemon.StatusAsync("1:P");
        await ContainsAsync(superdaemon, "up 1 ");
        var first = await LoggerAsync(superdaemon, 1);
        // It cannot take what comes now, and then it dies.
        Kill.Send(first, UnixSignal.Stop);
        scratch.Write("gate", "");
        Kill.Send(first, UnixSignal.Kill);
        await ContainsAsync(superdaemon, "\nend\n");
        await ContainsAsync(superdaemon, $"logger {first} died, status:9, restarting\n");
        Assert.Equal(Enumerable.Range(1, 2000).Select(n => $"line {n}"), Text(superdaemon).Split('\n').Where(line => line.StartsWith("line ", StringComparison.Ordinal)));
        Assert.NotEqual(first, await LoggerAsync(superdaemon, 2));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_logger_that_never_works_costs_the_log_and_not_the_service()
    {
        // Far more than the pipe holds.
        var child = Children.Perl("""my $done = shift; print "x" x 1000, "\n" for 1..400; open my $f, '>', $done; up(); sleep 60 while 1;""", "DIR/done");
        using var scratch = new ScratchDirectory();
        using var superdaemon = Superdaemon.Start(["--log-file", "| echo no; false"], [.. child.Select(word => word.Replace("DIR", scratch.Path, StringComparison.Ordinal))], scratch);
        await superdaemon.StatusAsync("1:P");
        await Eventually.TrueAsync(() => File.Exists(scratch.File("done")), "the generation has written all", superdaemon.Program.Describe);
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("2:P");
        // Started again, but after pauses of 0, 1, 2 ... seconds.
        Assert.InRange(superdaemon.Program.OutputText.Split('\n').Count(line => line == "no"), 2, 8);
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_logger_that_hangs_does_not_hang_us()
    {
        // Writes more than the pipe holds once the logger hangs, and is stuck there.
        var child = Children.Perl("""$SIG{TERM} = 'DEFAULT'; my $gate = shift; up(); wait_for($gate); open my $f, '>', "$gate.passed"; print "x" x 1000, "\n" for 1..200; sleep 60 while 1;""", "DIR/gate");
        using var scratch = new ScratchDirectory();
        using var superdaemon = Superdaemon.Start(["--log-file", Logger], [.. child.Select(word => word.Replace("DIR", scratch.Path, StringComparison.Ordinal))], scratch);
        await superdaemon.StatusAsync("1:P");
        await ContainsAsync(superdaemon, "up 1 ");
        var logger = await LoggerAsync(superdaemon, 1);
        Kill.Send(logger, UnixSignal.Stop);
        scratch.Write("gate", "");
        var first = (await superdaemon.StatusAsync("1:P"))[0];
        await Eventually.TrueAsync(
            () => File.Exists(scratch.File("gate.passed")) && File.ReadAllText($"/proc/{first}/stat").Contains(") S ", StringComparison.Ordinal),
            "the generation waits for the pipe", superdaemon.Program.Describe);
        // Lines of ours are due, and the pipe is full.
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("2:P");
        superdaemon.Program.Send(UnixSignal.Term);
        await Eventually.TrueAsync(() => superdaemon.Status.Length == 0, "both generations have ended", superdaemon.Program.Describe);
        Kill.Send(logger, UnixSignal.Cont);
        Assert.Equal(new ProgramExit(0, null), await superdaemon.Program.ExitAsync());
        await superdaemon.NothingLeftAsync();
        Assert.Matches(@"\nreceived HUP, spawning a new worker\n", Text(superdaemon));
        Assert.EndsWith("\nexiting\n", Text(superdaemon), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trap '' TERM; ", "TERM", "KILL")]
    [InlineData("", "TERM")]
    public async Task A_logger_that_ignores_the_end_of_its_input_is_ended(string trap, params string[] signals)
    {
        using var superdaemon = Superdaemon.Start(["--stop-timeout", "1", "--log-file", $"| {trap}echo $$ >> DIR/pids; cat >> DIR/log; while :; do sleep 1; done"], Children.Serve);
        await superdaemon.StatusAsync("1:P");
        await ContainsAsync(superdaemon, "up 1 ");
        var logger = await LoggerAsync(superdaemon, 1);

        await superdaemon.StopsCleanlyAsync();

        Assert.Equal(
            signals.Select(signal => $"logger {logger} has not ended within 1 secs after the end of its input, sending {signal} to it"),
            superdaemon.Program.ErrorText.Split('\n').Where(line => line.StartsWith("logger ", StringComparison.Ordinal)));
        Assert.EndsWith("\nexiting\n", Text(superdaemon), StringComparison.Ordinal);
    }

    /// <summary>What a generation has left behind still writes: the logger has no end of file.</summary>
    [Fact]
    public async Task A_logger_that_still_has_something_to_read_is_left_alone()
    {
        var child = Children.Perl("""$SIG{TERM} = sub { exit 0 }; my $gate = shift; unless (fork) { $SIG{TERM} = 'IGNORE'; setpgrp; up(); wait_for($gate); print "late\n"; exit 0 } sleep 60 while 1;""", "DIR/gate");
        using var scratch = new ScratchDirectory();
        using var superdaemon = Superdaemon.Start(["--stop-timeout", "1", "--log-file", Logger], [.. child.Select(word => word.Replace("DIR", scratch.Path, StringComparison.Ordinal))], scratch);
        await superdaemon.StatusAsync("1:P");
        await ContainsAsync(superdaemon, "up 1 ");
        superdaemon.Program.Send(UnixSignal.Term);
        Assert.Equal(new ProgramExit(0, null), await superdaemon.Program.ExitAsync());
        scratch.Write("gate", "");
        await ContainsAsync(superdaemon, "\nlate\n");
        await superdaemon.NothingLeftAsync();
    }

    [Fact]
    public async Task A_command_that_cannot_be_executed_ends_the_start()
    {
        using var superdaemon = Superdaemon.Start(["--log-file", "| no-such-logger -x", "--path", "DIR/sock"], Children.Serve);
        Assert.Equal(new ProgramExit(1, null), await superdaemon.Program.ExitAsync());
        Assert.Equal("failed to open pipe:no-such-logger -x: No such file or directory", superdaemon.Program.ErrorText);
        await superdaemon.NothingLeftAsync();
        Assert.Empty(Directory.GetFiles(superdaemon.Scratch.Path));
    }

    [Fact]
    public async Task Usr1_opens_a_rotated_file_anew_for_us_and_for_the_generations_to_come()
    {
        using var superdaemon = Superdaemon.Start(["--log-file", "DIR/log"], Children.Serve);
        await superdaemon.StatusAsync("1:P");
        await ContainsAsync(superdaemon, "up 1 ");
        File.Move(superdaemon.Scratch.File("log"), superdaemon.Scratch.File("log.1"));
        superdaemon.Program.Send(UnixSignal.Usr1);
        await ContainsAsync(superdaemon, $"received USR1, log file reopened:{superdaemon.Scratch.File("log")}\n");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("2:P");
        await ContainsAsync(superdaemon, "up 2 ");
        await superdaemon.StopsCleanlyAsync();
        Assert.EndsWith("\ngot TERM 1\n", Text(superdaemon, "log.1"), StringComparison.Ordinal);
        Assert.EndsWith("\nexiting\n", Text(superdaemon), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_file_that_cannot_be_opened_anew_stays()
    {
        using var superdaemon = Superdaemon.Start(["--log-file", "DIR/logs"], Children.Serve);
        await superdaemon.StatusAsync("1:P");
        var moved = superdaemon.Scratch.File("log");
        File.Move(superdaemon.Scratch.File("logs"), moved);
        Directory.CreateDirectory(superdaemon.Scratch.File("logs"));
        superdaemon.Program.Send(UnixSignal.Usr1);
        await ContainsAsync(superdaemon, $"received USR1, but failed to open log file:{superdaemon.Scratch.File("logs")}: Is a directory; the old one stays in use\n");
        await superdaemon.StopsCleanlyAsync();
        Assert.EndsWith("\nexiting\n", Text(superdaemon), StringComparison.Ordinal);
    }
}
