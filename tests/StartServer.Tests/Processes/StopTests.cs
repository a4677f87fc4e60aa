using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

public sealed class StopTests
{
    [Theory]
    [InlineData(UnixSignal.Term, "TERM", "QUIT")]
    [InlineData(UnixSignal.Int, "INT", "TERM")]
    [InlineData(UnixSignal.Quit, "QUIT", "QUIT")]
    public async Task Every_stop_signal_ends_all_and_leaves_nothing(UnixSignal signal, string received, string sent)
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--signal-on-term", "quit", "--path", "DIR/sock", "--port", "127.0.0.1:0"], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        var pid = (await superdaemon.StatusAsync("1:P"))[0];
        superdaemon.Program.Send(signal);
        Assert.Equal(new ProgramExit(0, null), await superdaemon.Program.ExitAsync());
        await superdaemon.Program.LineAsync($"^received {received}, sending {sent} to all workers:{pid}$");
        await superdaemon.Program.LineAsync($"^got {sent} 1$");
        await superdaemon.Program.LineAsync($"^worker {pid} died, status:0$");
        await superdaemon.Program.LineAsync("^exiting$");
        await superdaemon.NothingLeftAsync();
        Assert.Empty(Directory.GetFiles(superdaemon.Scratch.Path));
    }

    [Theory]
    [InlineData(UnixSignal.Usr1)]
    [InlineData((UnixSignal)14)]
    public async Task Signals_without_a_meaning_do_not_orphan_the_generation(UnixSignal signal)
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Serve);
        superdaemon.Program.Send(signal);
        await superdaemon.Program.LineAsync("^received (USR1|ALRM), ignored: HUP restarts, TERM stops, USR2 upgrades$");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Hup_and_term_at_the_same_instant_stop()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        superdaemon.Program.Send(UnixSignal.Stop);
        superdaemon.Program.Send(UnixSignal.Hup);
        superdaemon.Program.Send(UnixSignal.Term);
        superdaemon.Program.Send(UnixSignal.Cont);
        Assert.Equal(new ProgramExit(0, null), await superdaemon.Program.ExitAsync());
        await superdaemon.NothingLeftAsync();
    }

    [Fact]
    public async Task Term_during_kill_old_delay_acts_at_once()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--kill-old-delay", "3600"], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^sleeping 3600 secs");
        await superdaemon.Program.LineAsync("^up 2 ");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Term_during_a_start_check_stops_the_candidate_too()
    {
        using var superdaemon = Superdaemon.Start(["--interval", "3600"], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        await superdaemon.StopsCleanlyAsync();
        await superdaemon.Program.LineAsync("^got TERM 1$");
    }

    [Fact]
    public async Task Whatever_the_generation_returns_a_stop_that_was_asked_for_is_success()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Perl("$SIG{TERM} = sub { exit 9 }; up(); sleep 60 while 1;"));
        await superdaemon.Program.LineAsync("^up 1 ");
        await superdaemon.StopsCleanlyAsync();
        await superdaemon.Program.LineAsync("^worker [0-9]+ died, status:2304$");
    }

    [Fact]
    public async Task With_a_stop_timeout_one_request_is_enough()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--stop-timeout", "1"], Children.Perl("$SIG{TERM} = 'IGNORE'; up(); sleep 60 while 1;"));
        await superdaemon.Program.LineAsync("^up 1 ");
        var pid = (await superdaemon.StatusAsync("1:P"))[0];
        await superdaemon.StopsCleanlyAsync();
        await superdaemon.Program.LineAsync($"^not all workers have stopped within 1 secs, sending KILL to {pid}$");
        await superdaemon.Program.LineAsync($"^worker {pid} died, status:9$");
    }

    [Fact]
    public async Task The_third_request_kills_who_will_not_go()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Perl("$SIG{TERM} = sub { print \"no\\n\" }; up(); sleep 60 while 1;"));
        await superdaemon.Program.LineAsync("^up 1 ");
        superdaemon.Program.Send(UnixSignal.Term);
        var first = await superdaemon.Program.LineAsync("^no$");
        // Within a second two requests are one wish.
        await Task.Delay(1100);
        superdaemon.Program.Send(UnixSignal.Term);
        await superdaemon.Program.LineAsync("^no$", first.Index + 1);
        await Task.Delay(1100);
        superdaemon.Program.Send(UnixSignal.Int);
        Assert.Equal(new ProgramExit(0, null), await superdaemon.Program.ExitAsync());
        await superdaemon.Program.LineAsync("^received INT, sending KILL to all workers:");
        await superdaemon.Program.LineAsync("^worker [0-9]+ died, status:9$");
    }

    /// <summary>A shell's background job has INT and QUIT ignored, nohup's HUP.</summary>
    [Theory]
    [InlineData(UnixSignal.Term)]
    [InlineData(UnixSignal.Int)]
    [InlineData(UnixSignal.Quit)]
    public async Task Signals_arrive_also_where_the_caller_ignored_them(UnixSignal stop)
    {
        using var scratch = new ScratchDirectory();
        using var program = ProgramUnderTest.Start("sh",
            ["-c", "trap '' HUP TERM INT QUIT; exec \"$0\" \"$@\"", Superdaemon.Executable, "--interval", "1", "--", .. Children.Serve]);
        await program.LineAsync("^up 1 ");
        await program.LineAsync("^starting new worker");
        program.Send(UnixSignal.Hup);
        await program.LineAsync("^new worker is now running");
        program.Send(stop);
        Assert.Equal(new ProgramExit(0, null), await program.ExitAsync());
        await program.NothingLeftAsync();
    }

    [Fact]
    public async Task Signals_that_mean_nothing_here_do_not_orphan_the_generations()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        foreach (var signal in new[] { 16, 24, 26, 27, 29, 30 })
        {
            var before = superdaemon.Program.Mark;
            superdaemon.Program.Send((UnixSignal)signal);
            await superdaemon.Program.LineAsync("^received [A-Z0-9]+, ignored", before);
        }
        // A log that has reached its limit ends nobody.
        superdaemon.Program.Send((UnixSignal)25);
        await superdaemon.StopsCleanlyAsync();
    }
}
