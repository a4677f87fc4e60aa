using System.Net;
using System.Net.Sockets;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>A start_server that is killed, and one that is pid 1.</summary>
public sealed class OrphanTests
{
    private static int FreePortOf(Superdaemon superdaemon, string line) =>
        IPEndPoint.Parse(line[(line.LastIndexOf(' ') + 1)..]).Port;

    [Theory]
    [InlineData("TERM")]
    [InlineData("USR1")]
    public async Task When_it_is_killed_all_generations_are_stopped_and_the_port_is_free(string signal)
    {
        using var superdaemon = await Superdaemon.ServingAsync(
            ["--port", "127.0.0.1:0", "--signal-on-term", signal, "--kill-old-delay", "3600"], Children.Serve);
        var port = FreePortOf(superdaemon, (await superdaemon.Program.LineAsync("^--port .* is bound to ")).Text);
        await superdaemon.Program.LineAsync("^up 1 ");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("1:P", "2:P");
        await superdaemon.Program.LineAsync("^up 2 ");
        superdaemon.Program.Send(UnixSignal.Kill);
        await superdaemon.Program.ExitAsync();
        await superdaemon.Program.LineAsync($"^got {signal} 1$");
        await superdaemon.Program.LineAsync($"^got {signal} 2$");
        await superdaemon.Program.NothingLeftAsync();
        using var next = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        next.Bind(new IPEndPoint(IPAddress.Loopback, port));
        next.Listen();
    }

    [Fact]
    public async Task Whoever_wants_them_kept_keeps_them()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--path", "DIR/sock", "--orphans", "keep"], Children.Answer);
        await superdaemon.Program.LineAsync("^up 1 ");
        var child = (await superdaemon.StatusAsync("1:P"))[0];
        superdaemon.Program.Send(UnixSignal.Kill);
        // Its output stays open: the child has it.
        await Eventually.TrueAsync(() => ProcessEntry.Read(superdaemon.Program.Pid) is null or { IsZombie: true }, "start_server is gone");
        for (var request = 0; request < 3; request++)
            Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(superdaemon.Scratch.File("sock")));
        Kill.Send(child, UnixSignal.Term);
        await superdaemon.Program.LineAsync("^got TERM 1$");
    }

    [Fact]
    public async Task As_pid_1_it_reaps_orphans_and_drains_on_term()
    {
        var probe = await SystemPrograms.RunAsync("unshare", "--pid", "--fork", "--mount-proc", "true");
        Assert.SkipUnless(probe.IsSuccess, $"unshare may not make a pid namespace here: {probe.StandardError}");
        var child = Children.Perl(
            """
            pipe(my $r, my $w); if (!fork) { if (!fork) { syswrite $w, "$$\n"; exit 3 } exit 0 } wait;
            my $orphan = <$r>; chomp $orphan;
            select(undef, undef, undef, 0.02) while kill 0, $orphan; # a zombie can still be sent signals
            print "reaped, parent ", getppid(), "\n"; up(); sleep 60 while 1;
            """);
        using var program = ProgramUnderTest.Start("unshare", ["--pid", "--fork", "--mount-proc", Superdaemon.Executable, "--interval", "0", "--", .. child]);
        await program.LineAsync("^reaped, parent 1$");
        await program.LineAsync("^up 1 ");
        await program.LineAsync(@"^start_server \(pid:1\) starting now");
        program.Family.Single(process => process.Parent == program.Pid).Send(UnixSignal.Term);
        Assert.Equal(new ProgramExit(0, null), await program.ExitAsync());
        await program.LineAsync("^got TERM 1$");
        await program.NothingLeftAsync();
    }
}
