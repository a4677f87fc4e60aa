using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>systemd's socket activation, towards us and from us.</summary>
public sealed class SocketActivationTests
{
    /// <summary>Knows nothing of start_server: what sd_listen_fds(3) says is all it goes by.</summary>
    private static readonly string[] Activated = Children.Perl(
        """
        die "not for me: $ENV{LISTEN_PID}, I am $$" if $ENV{LISTEN_PID} != $$;
        print "names $ENV{LISTEN_FDNAMES}\nports $ENV{SERVER_STARTER_PORT}\n";
        my @fds = (3 .. 2 + $ENV{LISTEN_FDS});
        my @listeners = map { open(my $l, "+<&=", $_) or die "$_: $!"; $l } @fds;
        $SIG{PIPE} = 'IGNORE';
        up();
        while (1) {
            my $r = ''; vec($r, $_, 1) = 1 for @fds;
            next if select($r, undef, undef, undef) < 1;
            for my $l (grep { vec($r, fileno($_), 1) } @listeners) {
                accept(my $c, $l) or die "accept: $!"; syswrite $c, "descriptor " . fileno($l) . " generation $ENV{SERVER_STARTER_GENERATION}\n"; close $c;
            }
        }
        """);

    /// <summary>LISTEN_PID must be the pid of the program itself.</summary>
    private static ProgramUnderTest Activate(string[] options, string[] child, (int, int)[] descriptors, string fds, string? names = null) =>
        ProgramUnderTest.Start("sh",
            ["-c", $"LISTEN_PID=$$ LISTEN_FDS={fds} {(names is null ? "" : $"LISTEN_FDNAMES={names} ")}exec \"$0\" \"$@\"", Superdaemon.Executable, "--interval", "0", .. options, "--", .. child],
            new ProgramOptions { Descriptors = descriptors });

    private static Socket Bound(EndPoint address, bool listens = true, SocketType type = SocketType.Stream)
    {
        var socket = new Socket(address.AddressFamily, type, ProtocolType.Unspecified);
        socket.Bind(address);
        if (listens) socket.Listen();
        return socket;
    }

    private static (int, int) At(int number, Socket socket) => ((int)socket.Handle, number);

    [Fact]
    public async Task Sockets_of_systemd_become_listeners_named_by_their_real_addresses()
    {
        using var scratch = new ScratchDirectory();
        using var tcp = Bound(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        using var any = Bound(new IPEndPoint(IPAddress.Any, 0));
        using var unix = Bound(new UnixDomainSocketEndPoint(scratch.File("sock")));
        using var udp = Bound(new IPEndPoint(IPAddress.Loopback, 0), listens: false, SocketType.Dgram);
        using var program = Activate(["--port", "127.0.0.1:0"], Children.Perl(
            """
            print "[$ENV{SERVER_STARTER_PORT}] ", join(',', map { $ENV{$_} // 'unset' } qw(LISTEN_FDS LISTEN_PID LISTEN_FDNAMES)), "\n";
            open(my $l, "+<&=", 5) or die $!; up(); while (accept(my $c, $l)) { syswrite $c, "generation $ENV{SERVER_STARTER_GENERATION}\n"; close $c }
            """), [At(3, tcp), At(4, any), At(5, unix), At(6, udp)], "4", "a:b:c:d");
        var own = await program.LineAsync("^--port 127.0.0.1:0 is bound to ");
        var ownName = own.Text[(own.Text.LastIndexOf(' ') + 1)..];
        await program.LineAsync("^up 1 ");
        var line = await program.LineAsync(@"^\[");
        Assert.Matches($@"^\[\[::1\]:{Port(tcp)}=3;{Port(any)}=4;{scratch.File("sock")}=5;127\.0\.0\.1:{Port(udp)}=6;{ownName}=\d+\] unset,unset,unset$", line.Text);
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(scratch.File("sock")));
        await program.LineAsync("^starting new worker");
        program.Send(UnixSignal.Hup);
        await program.LineAsync("^got TERM 1$");
        Assert.Equal("generation 2\n", await Clients.ReadUnixAsync(scratch.File("sock")));
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
        // Not ours: the name stays.
        Assert.True(File.Exists(scratch.File("sock")));
    }

    private static string Port(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);

    [Fact]
    public async Task Sockets_that_are_meant_for_somebody_else_are_left_alone()
    {
        using var tcp = Bound(new IPEndPoint(IPAddress.Loopback, 0));
        using var program = ProgramUnderTest.Start(Superdaemon.Executable,
            ["--interval", "0", "--", .. Children.Perl("""print "[$ENV{SERVER_STARTER_PORT}]\n"; up(); sleep 60 while 1;""")],
            new ProgramOptions { Descriptors = [At(3, tcp)], Environment = new Dictionary<string, string> { ["LISTEN_FDS"] = "1", ["LISTEN_PID"] = "1" } });
        await program.LineAsync(@"^\[\]$");
        await program.LineAsync("^up 1 ");
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }

    [Theory]
    [InlineData("1", false, "LISTEN_FDS: descriptor 3 (unknown) is a socket that does not listen")]
    [InlineData("900", true, "LISTEN_FDS=900, but descriptor N is not open")]
    [InlineData("x", true, "malformed LISTEN_FDS='x' is not a number")]
    public async Task What_is_not_as_the_variables_say_is_refused(string fds, bool listens, string message)
    {
        using var tcp = Bound(new IPEndPoint(IPAddress.Loopback, 0), listens);
        using var program = Activate([], ["true"], [At(3, tcp)], fds);
        Assert.Equal((new ProgramExit(1, null), message), (await program.ExitAsync(), Regex.Replace(program.ErrorText, @"descriptor \d+ is not", "descriptor N is not")));
    }

    [Fact]
    public async Task What_is_no_socket_is_refused()
    {
        using var scratch = new ScratchDirectory();
        using var file = File.Open(scratch.Write("file", ""), FileMode.Open);
        using var program = Activate([], ["true"], [((int)file.SafeFileHandle.DangerousGetHandle(), 3)], "1", "web");
        Assert.Equal((new ProgramExit(1, null), "LISTEN_FDS: descriptor 3 (web) is no socket"), (await program.ExitAsync(), program.ErrorText));
    }

    [Fact]
    public async Task A_socket_activated_program_is_hot_deployed_unchanged()
    {
        using var superdaemon = Superdaemon.Start(["--listen-fds", "--path", "DIR/a", "--port", "127.0.0.1:0=40", "--path", "DIR/b"], Activated);
        await superdaemon.StatusAsync("1:P");
        var bound = IPEndPoint.Parse((await superdaemon.Program.LineAsync("^--port .* is bound to ")).Text.Split(' ')[^1]);
        var (a, b) = (superdaemon.Scratch.File("a"), superdaemon.Scratch.File("b"));
        await superdaemon.Program.LineAsync($"^names 127.0.0.1-{bound.Port}:{a}:{b}$");
        await superdaemon.Program.LineAsync($"^ports 127.0.0.1:{bound.Port}=40;{a}=4;{b}=5$");
        for (var generation = 1; generation <= 2; generation++)
        {
            await superdaemon.Program.LineAsync($"^up {generation} ");
            Assert.Equal($"descriptor 3 generation {generation}\n", await Clients.ReadTcpAsync(bound));
            Assert.Equal($"descriptor 4 generation {generation}\n", await Clients.ReadUnixAsync(a));
            Assert.Equal($"descriptor 5 generation {generation}\n", await Clients.ReadUnixAsync(b));
            superdaemon.Program.Send(UnixSignal.Hup);
            await superdaemon.StatusAsync($"{generation + 1}:P");
        }
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Systemd_socket_activate_starts_us_and_we_start_the_next()
    {
        var activate = SystemPrograms.Find("systemd-socket-activate");
        Assert.SkipWhen(activate is null, "systemd-socket-activate is not installed (Debian package systemd)");
        using var scratch = new ScratchDirectory();
        var path = scratch.File("sock");
        using var program = ProgramUnderTest.Start(activate!,
            ["--listen", path, "--fdname", "web", Superdaemon.Executable, "--interval", "0", "--listen-fds", "--", .. Activated]);
        // A file is there before anybody listens: /proc/net/unix tells when it does (flag 0x10000, __SO_ACCEPTCON).
        await Eventually.TrueAsync(
            () => File.ReadLines("/proc/net/unix").Any(line => line.EndsWith(" " + path, StringComparison.Ordinal) && line.Contains(" 00010000 ", StringComparison.Ordinal)),
            "it listens", program.Describe);
        // The first client starts us, and waits in the queue meanwhile.
        Assert.Equal("descriptor 3 generation 1\n", await Clients.ReadUnixAsync(path));
        await program.LineAsync("^names web$");
        await program.LineAsync("^starting new worker");
        program.Send(UnixSignal.Hup);
        await program.LineAsync("^got TERM 1$");
        Assert.Equal("descriptor 3 generation 2\n", await Clients.ReadUnixAsync(path));
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }

    [Fact]
    public async Task They_survive_an_upgrade_with_number_and_name()
    {
        using var scratch = new ScratchDirectory();
        using var unix = Bound(new UnixDomainSocketEndPoint(scratch.File("sock")));
        using var program = Activate(["--listen-fds"], Activated, [At(3, unix)], "1", "web");
        await program.LineAsync("^up 1 ");
        program.Send(UnixSignal.Usr2);
        await program.LineAsync(Upgradable.TakenOver);
        var mark = program.Mark;
        program.Send(UnixSignal.Hup);
        await program.LineAsync("^names web$", mark);
        await program.LineAsync("^old worker ", mark);
        Assert.Equal("descriptor 3 generation 2\n", await Clients.ReadUnixAsync(scratch.File("sock")));
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
        // Not ours to remove.
        Assert.True(Path.Exists(scratch.File("sock")));
    }

    [Fact]
    public async Task Inherited_listeners_are_close_on_exec_and_a_logger_does_not_get_them()
    {
        using var scratch = new ScratchDirectory();
        using var tcp = Bound(new IPEndPoint(IPAddress.Loopback, 0));
        using var program = Activate(["--log-file", $"| ls -l /proc/self/fd > {scratch.File("fds")}; exec cat"], Children.Serve, [At(3, tcp)], "1");
        await program.LineAsync("^up 1 ");
        Assert.DoesNotContain("socket:", File.ReadAllText(scratch.File("fds")), StringComparison.Ordinal);
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }
}
