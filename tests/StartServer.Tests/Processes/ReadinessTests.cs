using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>Probes, watches, bounded attempts, automatic restarts: with the real program.</summary>
public sealed class ReadinessTests
{
    /// <summary>Answers by HTTP on a Unix socket of its own, DIR/PID, with the status that the file DIR/status-GENERATION holds, else 200.</summary>
    private const string AnswerHttp =
        """
        my $dir = shift; socket(my $l, AF_UNIX, SOCK_STREAM, 0); bind($l, pack_sockaddr_un("$dir/own.$$")) or die $!; listen($l, 9);
        $SIG{PIPE} = 'IGNORE'; up();
        while (1) {
            accept(my $c, $l) or next; sysread $c, my $r, 4096;
            my $s = 200; if (open my $f, '<', "$dir/answer.$ENV{SERVER_STARTER_GENERATION}") { $s = <$f>; chomp $s }
            syswrite $c, "HTTP/1.1 $s X\r\nContent-Length: 0\r\n\r\n"; close $c;
        }
        """;

    private static Superdaemon StartProbed(ScratchDirectory scratch, params string[] options) => Superdaemon.Start(
        ["--ready-probe", $"http://unix:{scratch.Path}/own.%p:/up?%g", .. options], Children.Perl(AnswerHttp, scratch.Path), scratch);

    [Fact]
    public async Task A_candidate_is_accepted_when_its_probe_is_answered_and_not_before()
    {
        using var scratch = new ScratchDirectory();
        scratch.Write("answer.2", "503");
        using var superdaemon = StartProbed(scratch);
        await superdaemon.StatusAsync("1:P");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^up 2 ");
        // Longer than the interval, after which it would count as started.
        await Task.Delay(700);
        Assert.StartsWith("1:", superdaemon.Status, StringComparison.Ordinal);
        Assert.Equal(2, superdaemon.Status.Split('\n').Length);
        scratch.Write("answer.2", "204");
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task One_that_never_answers_is_given_up_in_time_and_nothing_more_is_tried()
    {
        using var scratch = new ScratchDirectory();
        scratch.Write("answer.2", "503");
        using var superdaemon = StartProbed(scratch, "--ready-timeout", "1", "--max-start-attempts", "1");
        var serving = await superdaemon.StatusAsync("1:P");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync(@"^new worker [0-9]+ was not ready within 1 secs \(http://unix:.*/up\?2: answered 503\), sending TERM to it$");
        await superdaemon.Program.LineAsync($"^giving up after 1 failed attempt, worker {serving[0]} serves on; the next HUP tries again$");
        Assert.Equal(serving, await superdaemon.StatusAsync("1:P"));
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("3:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_generation_that_stops_answering_while_it_is_watched_is_rolled_back()
    {
        using var scratch = new ScratchDirectory();
        using var superdaemon = StartProbed(scratch, "--watch", "3600");
        var first = (await superdaemon.StatusAsync("1:P"))[0];
        superdaemon.Program.Send(UnixSignal.Hup);
        var both = await superdaemon.StatusAsync("1:P", "2:P");
        await superdaemon.Program.LineAsync($"^new worker is now running, watching it for 3600 secs beside old workers:{first}$");
        scratch.Write("answer.2", "500");
        await superdaemon.Program.LineAsync($@"^worker {both[1]} does not answer any more \(.*answered 500\), going back to worker {first}$");
        await superdaemon.Program.LineAsync("^got TERM 2$");
        Assert.Equal([first], await superdaemon.StatusAsync("1:P"));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_generation_that_dies_while_it_is_watched_is_rolled_back_and_who_survives_replaces()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--watch", "1"], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        var first = (await superdaemon.StatusAsync("1:P"))[0];
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^up 2 ");
        var second = (await superdaemon.StatusAsync("1:P", "2:P"))[1];
        Kill.Send(second, UnixSignal.Kill);
        await superdaemon.Program.LineAsync($"^worker {second} died unexpectedly with status:9, going back to worker {first}$");
        Assert.Equal([first], await superdaemon.StatusAsync("1:P"));

        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("1:P", "3:P");
        await superdaemon.StatusAsync("3:P");
        await superdaemon.Program.LineAsync("^got TERM 1$");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_first_start_that_fails_too_often_ends_with_code_5_and_leaves_nothing()
    {
        using var superdaemon = Superdaemon.Start(["--ready=notify", "--max-start-attempts", "2", "--path", "DIR/sock"], Children.DieEarly);
        Assert.Equal(new ProgramExit(5, null), await superdaemon.Program.ExitAsync());
        await superdaemon.Program.LineAsync("^giving up after 2 failed attempts: no worker could be started$");
        await superdaemon.NothingLeftAsync();
        Assert.Empty(Directory.GetFiles(superdaemon.Scratch.Path));
    }

    [Fact]
    public async Task Automatic_restarts_come_by_themselves()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--enable-auto-restart", "--auto-restart-interval", "1", "--kill-old-delay", "0"], Children.Perl(
            """print "told $ENV{ENABLE_AUTO_RESTART} $ENV{AUTO_RESTART_INTERVAL} $ENV{KILL_OLD_DELAY}\n"; up(); sleep 60 while 1;"""));
        await superdaemon.Program.LineAsync("^told 1 1 0$");
        await superdaemon.Program.LineAsync(@"^autorestart triggered \(interval=1\)$");
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Who_lingers_is_killed_and_an_automatic_restart_is_forced()
    {
        var stubborn = Children.Perl("$SIG{TERM} = 'IGNORE'; up(); sleep 60 while 1;");
        using var superdaemon = await Superdaemon.ServingAsync(
            ["--enable-auto-restart", "--auto-restart-interval", "1", "--kill-old-delay", "0", "--max-old-generations", "1", "--stop-timeout", "1"], stubborn);
        await superdaemon.Program.LineAsync(@"^autorestart triggered \(forced, interval=1\)$");
        await superdaemon.Program.LineAsync("^no more than 1 old workers are allowed, sending KILL to [0-9]+$");
        await superdaemon.Program.LineAsync("^old worker [0-9]+ died, status:9$");
        await superdaemon.StopsCleanlyAsync();
        await superdaemon.Program.LineAsync("^not all workers have stopped within 1 secs, sending KILL to ");
    }

    [Fact]
    public async Task An_old_one_that_does_not_drain_in_time_is_killed()
    {
        using var superdaemon = await Superdaemon.ServingAsync(
            ["--drain-timeout", "1"], Children.Perl("$SIG{TERM} = 'IGNORE' if $ENV{SERVER_STARTER_GENERATION} == 1; up(); sleep 60 while 1;"));
        await superdaemon.Program.LineAsync("^up 1 ");
        var first = (await superdaemon.StatusAsync("1:P"))[0];
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync($"^worker {first} has not stopped within 1 secs, sending KILL to it$");
        await superdaemon.Program.LineAsync($"^old worker {first} died, status:9$");
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }
}
