using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

public sealed class DeployTests
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("USR1")]
    public async Task Hup_starts_a_new_generation_then_signals_the_old_one(string signal)
    {
        var slow = Children.Perl(
            """
            my $gate = shift; my $bye = sub { print "got $_[0] $ENV{SERVER_STARTER_GENERATION}\n"; wait_for($gate); exit 0 };
            $SIG{TERM} = $bye; $SIG{USR1} = $bye; up(); sleep 60 while 1;
            """, "DIR/gate");
        using var scratch = new ScratchDirectory();
        using var superdaemon = Superdaemon.Start(["--signal-on-hup", signal], [.. slow.Select(w => w.Replace("DIR", scratch.Path))], scratch);
        var first = await superdaemon.StatusAsync("1:P");
        await superdaemon.Program.LineAsync("^up 1 ");
        superdaemon.Program.Send(UnixSignal.Hup);
        var both = await superdaemon.StatusAsync("1:P", "2:P");
        Assert.Equal(first[0], both[0]);
        await superdaemon.Program.LineAsync($"^new worker is now running, sending {signal} to old workers:{first[0]}$");
        await superdaemon.Program.LineAsync("^killing old workers$");
        await superdaemon.Program.LineAsync($"^got {signal} 1$");
        scratch.Write("gate", "");
        await superdaemon.StatusAsync("2:P");
        await superdaemon.Program.LineAsync($"^old worker {first[0]} died, status:0$");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Failing_candidates_leave_the_old_generation_alone_and_the_next_one_takes_over()
    {
        // As in Server::Starter's own suite: 1 fails, 2 serves, 3 and 4 fail, 5 takes over.
        var child = Children.Perl("exit 1 if $ENV{SERVER_STARTER_GENERATION} =~ /^[134]$/; up(); sleep 60 while 1;");
        using var superdaemon = Superdaemon.Start(["--interval", "1"], child);
        await superdaemon.StatusAsync("2:P");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("seems to have failed to start, exit status:256$", (await superdaemon.Program.LineAsync("^received HUP")).Index);
        Assert.StartsWith("2:", superdaemon.Status, StringComparison.Ordinal);
        await superdaemon.StatusAsync("5:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_missing_program_harms_nobody_and_the_next_deploy_works()
    {
        using var scratch = new ScratchDirectory();
        var app = scratch.Write("app", Children.Script(Children.Answer), executable: true);
        using var superdaemon = Superdaemon.Start(["--path", "DIR/sock"], [app], scratch);
        var serving = await superdaemon.StatusAsync("1:P");
        await superdaemon.Program.LineAsync("^up 1 ");
        File.Move(app, app + ".away");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync($"^failed to exec {app}: No such file or directory$");
        await superdaemon.Program.LineAsync("^giving up after 1 failed attempt, worker [0-9]+ serves on; the next HUP tries again$");
        Assert.Equal(serving, await superdaemon.StatusAsync("1:P"));
        Assert.True(File.Exists(superdaemon.PidFile));
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(scratch.File("sock")));
        File.Move(app + ".away", app);
        superdaemon.Program.Send(UnixSignal.Hup);
        await Eventually.TrueAsync(() => superdaemon.Status.Split('\n') is [var only, ""] && !only.StartsWith("1:", StringComparison.Ordinal), "a later generation serves alone", () => superdaemon.Status);
        Assert.NotEqual("generation 1\n", await Clients.ReadUnixAsync(scratch.File("sock")));
        await superdaemon.StopsCleanlyAsync();
        Assert.False(File.Exists(scratch.File("sock")));
    }

    [Fact]
    public async Task A_first_start_that_cannot_succeed_ends_at_once_and_says_what_is_missing()
    {
        foreach (var (options, child, message) in new (string[], string[], string)[]
        {
            (["--dir", "DIR/missing"], Children.Serve, "^failed to chdir:.*/missing:No such file or directory$"),
            ([], ["DIR/no-such-program"], "^failed to exec .*/no-such-program: No such file or directory$"),
            ([], ["no-such-program-anywhere"], "^failed to exec no-such-program-anywhere: No such file or directory$"),
            ([], ["DIR/plain"], "^failed to exec .*/plain: Permission denied$"),
            ([], ["DIR/"], "^failed to exec .*/: Permission denied \\(it is a directory\\)$"),
        })
        {
            using var scratch = new ScratchDirectory();
            scratch.Write("plain", "#!/bin/sh\n");
            using var superdaemon = Superdaemon.Start(options, [.. child.Select(word => word.Replace("DIR/", scratch.Path + "/", StringComparison.Ordinal))], scratch);
            Assert.Equal(new ProgramExit(5, null), await superdaemon.Program.ExitAsync());
            await superdaemon.Program.LineAsync(message);
            Assert.DoesNotContain("starting new worker", superdaemon.Program.ErrorText, StringComparison.Ordinal);
            await superdaemon.NothingLeftAsync();
        }
    }

    [Fact]
    public async Task Who_speaks_is_held_to_ready()
    {
        using var scratch = new ScratchDirectory();
        // Generation 2 waits for a file before it is ready.
        var child = Children.Perl(
            "tell_supervisor('STATUS=starting'); wait_for(shift) if $ENV{SERVER_STARTER_GENERATION} == 2; tell_supervisor(\"READY=1\\nSTATUS=x\"); up(); sleep 60 while 1;",
            scratch.File("gate"));
        using var superdaemon = Superdaemon.Start(["--interval", "4"], child, scratch);
        await superdaemon.StatusAsync("1:P");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^starting new worker", (await superdaemon.Program.LineAsync("^received HUP")).Index);
        // Longer than the interval, after which a silent one would count as started.
        await Task.Delay(4500);
        Assert.Equal(2, superdaemon.Status.Split('\n').Length);
        scratch.Write("gate", "");
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Ready_ends_the_check_before_the_interval_does()
    {
        using var superdaemon = await Superdaemon.ServingAsync(
            ["--interval", "3600"], Children.Perl("tell_supervisor('READY=1'); up(); sleep 60 while 1;"));
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_candidate_that_hangs_before_ready_is_given_up_and_the_old_one_serves_on()
    {
        var child = Children.Perl(
            "tell_supervisor('STATUS=starting'); tell_supervisor('READY=1') if $ENV{SERVER_STARTER_GENERATION} != 2; up(); sleep 60 while 1;");
        using var superdaemon = Superdaemon.Start(["--interval", "4", "--ready-timeout", "3"], child);
        var serving = await superdaemon.StatusAsync("1:P");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^new worker [0-9]+ was not ready within 3 secs, sending TERM to it$");
        Assert.Equal(serving, await superdaemon.StatusAsync("1:P"));
        await superdaemon.Program.LineAsync("^got TERM 2$");
        await superdaemon.StatusAsync("3:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_death_during_the_start_is_noticed_at_once()
    {
        using var superdaemon = Superdaemon.Start(["--interval", "3600"], Children.DieEarly);
        await superdaemon.Program.LineAsync("seems to have failed to start, exit status:256$");
        // And TERM ends the pause of an hour without another attempt.
        var mark = superdaemon.Program.Mark;
        await superdaemon.StopsCleanlyAsync();
        Assert.DoesNotContain(superdaemon.Program.Lines.Skip(mark), line => line.Text.StartsWith("starting new", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hup_takes_the_place_of_a_start_that_hangs_at_once()
    {
        using var scratch = new ScratchDirectory();
        var child = Children.Perl(
            "tell_supervisor('STATUS=starting'); wait_for(shift) if $ENV{SERVER_STARTER_GENERATION} == 2; tell_supervisor('READY=1'); up(); sleep 60 while 1;",
            scratch.File("gate"));
        using var superdaemon = Superdaemon.Start(["--interval", "3600"], child, scratch);
        await superdaemon.StatusAsync("1:P");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^starting new worker", (await superdaemon.Program.LineAsync("^received HUP")).Index);
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^generation 2 \\(pid [0-9]+\\) is given up before it is ready: a HUP has begun another deploy; sending TERM to it$");
        await superdaemon.StatusAsync("3:P");
        await superdaemon.Program.LineAsync("^generation 2 \\(pid [0-9]+\\), which was given up, has ended: ");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Both_generations_live_during_kill_old_delay()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--kill-old-delay", "1"], Children.Serve);
        superdaemon.Program.Send(UnixSignal.Hup);
        var sleeping = await superdaemon.Program.LineAsync("^sleeping 1 secs before killing old workers$");
        await superdaemon.StatusAsync("1:P", "2:P");
        await superdaemon.Program.LineAsync("^killing old workers$", sleeping.Index);
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_current_that_dies_is_restarted()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Perl("$SIG{USR1} = sub { exit 7 }; up(); sleep 60 while 1;"));
        var first = (await superdaemon.StatusAsync("1:P"))[0];
        await superdaemon.Program.LineAsync("^up 1 ");
        Kill.Send(first, UnixSignal.Usr1);
        await superdaemon.Program.LineAsync($"^worker {first} died unexpectedly with status:1792, restarting$");
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }
}
