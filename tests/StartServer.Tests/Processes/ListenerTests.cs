using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

public sealed class ListenerTests
{
    /// <summary>Prints what each advertised descriptor is: name, whether it listens, type, local address, blocking or not.</summary>
    private static readonly string[] Describe = Children.Perl(
        """
        use Fcntl;
        print "ports [$ENV{SERVER_STARTER_PORT}]\n";
        for (split /;/, $ENV{SERVER_STARTER_PORT}) {
            my ($name, $fd) = /^([^=]*)=(\d+)$/;
            open(my $s, "+<&=", $fd) or die "$fd: $!";
            my $type = unpack("i", getsockopt($s, SOL_SOCKET, SO_TYPE)); my $listens = unpack("i", getsockopt($s, SOL_SOCKET, 30) // pack("i", 0));
            my $mode = fcntl($s, F_GETFL, 0) & O_NONBLOCK ? "nonblocking" : "blocking";
            print "listener $name fd=$fd type=$type listens=$listens $mode\n";
            fcntl($s, F_SETFL, fcntl($s, F_GETFL, 0) | O_NONBLOCK);
        }
        $SIG{USR1} = sub { kill 9, $$ }; up(); sleep 60 while 1;
        """);

    private static async Task<IPEndPoint> ChosenAsync(Superdaemon superdaemon, string asked)
    {
        var line = await superdaemon.Program.LineAsync($"^--port {asked.Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal)} is bound to ");
        return IPEndPoint.Parse(line.Text[(line.Text.LastIndexOf(' ') + 1)..]);
    }

    [Fact]
    public async Task Every_generation_answers_on_the_same_sockets_at_the_same_numbers()
    {
        using var superdaemon = await Superdaemon.ServingAsync(
            ["--port", "127.0.0.1:0", "--port", "[::1]:0", "--path", "DIR/a", "--path", "DIR/b"], Children.Answer);
        var v4 = await ChosenAsync(superdaemon, "127.0.0.1:0");
        var v6 = await ChosenAsync(superdaemon, "[::1]:0");
        for (var generation = 1; generation <= 2; generation++)
        {
            var expected = $"generation {generation}\n";
            Assert.Equal(expected, await Clients.ReadTcpAsync(v4));
            Assert.Equal(expected, await Clients.ReadTcpAsync(v6));
            Assert.Equal(expected, await Clients.ReadUnixAsync(superdaemon.Scratch.File("a")));
            Assert.Equal(expected, await Clients.ReadUnixAsync(superdaemon.Scratch.File("b")));
            superdaemon.Program.Send(UnixSignal.Hup);
            await superdaemon.StatusAsync($"{generation + 1}:P");
        }
        await superdaemon.StopsCleanlyAsync();
        Assert.Empty(Directory.GetFiles(superdaemon.Scratch.Path));
    }

    [Fact]
    public async Task Names_come_in_order_and_udp_has_no_mark()
    {
        using var superdaemon = await Superdaemon.ServingAsync(
            ["--path", "DIR/sock", "--port", "127.0.0.1:u0", "--port", "localhost:0=100", "--port", "[::1]:0"], Describe);
        var udp = await ChosenAsync(superdaemon, "127.0.0.1:u0");
        var tcp = await ChosenAsync(superdaemon, "localhost:0=100");
        var v6 = await ChosenAsync(superdaemon, "[::1]:0");
        var path = superdaemon.Scratch.File("sock");
        await superdaemon.Program.LineAsync($@"^ports \[127.0.0.1:{udp.Port}=\d+;localhost:{tcp.Port}=100;\[::1\]:{v6.Port}=\d+;{path}=\d+\]$");
        await superdaemon.Program.LineAsync($@"^listener 127.0.0.1:{udp.Port} fd=\d+ type=2 listens=0 blocking$");
        await superdaemon.Program.LineAsync($@"^listener localhost:{tcp.Port} fd=100 type=1 listens=1 blocking$");
        await superdaemon.Program.LineAsync($@"^listener {path} fd=\d+ type=1 listens=1 blocking$");
        await superdaemon.Program.LineAsync("^socket is duplicated to file descriptor 100$");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task The_mode_that_a_generation_gave_the_listeners_is_not_taken_from_those_who_may_still_hold_them()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--port", "127.0.0.1:0"], Describe);
        var first = await superdaemon.Program.LineAsync("^listener .* blocking$");
        await superdaemon.Program.LineAsync("^up 1 ");
        Kill.Send((await superdaemon.StatusAsync("1:P"))[0], UnixSignal.Kill);
        Assert.EndsWith(" nonblocking", (await superdaemon.Program.LineAsync("^listener ", first.Index + 1)).Text, StringComparison.Ordinal);
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Descriptor_0_is_the_generations_stdin()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--port", "127.0.0.1:0=0"], Children.Perl(
            "up(); while (accept(my $c, STDIN)) { syswrite $c, \"from stdin\\n\"; close $c }"));
        await superdaemon.Program.LineAsync("^up 1 ");
        Assert.Equal("from stdin\n", await Clients.ReadTcpAsync(await ChosenAsync(superdaemon, "127.0.0.1:0=0")));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Closed_standard_descriptors_do_not_become_listeners()
    {
        using var scratch = new ScratchDirectory();
        using var program = ProgramUnderTest.Start("sh",
        [
            "-c", "exec <&-; exec \"$0\" \"$@\"", Superdaemon.Executable, "--interval", "0", "--port", "127.0.0.1:0", "--", .. Describe,
        ]);
        var line = await program.LineAsync(@"^listener .* fd=\d+");
        Assert.DoesNotContain(" fd=0 ", line.Text, StringComparison.Ordinal);
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }

    [Fact]
    public async Task A_descriptor_that_is_in_use_is_not_taken_from_its_owner()
    {
        using var scratch = new ScratchDirectory();
        using var inherited = File.Open(scratch.Write("inherited", ""), FileMode.Open);
        using var program = ProgramUnderTest.Start(Superdaemon.Executable, ["--port", "127.0.0.1:0=123", "--", "true"],
            new ProgramOptions { Descriptors = [((int)inherited.SafeFileHandle.DangerousGetHandle(), 123)] });
        Assert.Equal(new ProgramExit(255, null), await program.ExitAsync());
        Assert.Equal("invalid ``port'' value:127.0.0.1:0=123: descriptor 123 is in use already", program.ErrorText);
    }

    [Fact]
    public async Task A_port_in_use_is_named_and_leaves_nothing_behind()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
        using var superdaemon = Superdaemon.Start(["--port", $"127.0.0.1:{port}"], Children.Serve);
        Assert.Equal(new ProgramExit(1, null), await superdaemon.Program.ExitAsync());
        // The socket is this test's.
        Assert.EndsWith($"(pid {Environment.ProcessId}) listens there: stop it or choose another address", superdaemon.Program.ErrorText, StringComparison.Ordinal);
        Assert.Contains($"\nfailed to bind to 127.0.0.1:{port}:Address already in use; ", superdaemon.Program.ErrorText, StringComparison.Ordinal);
        await superdaemon.NothingLeftAsync();
    }

    [Fact]
    public async Task When_the_second_path_fails_the_first_is_removed()
    {
        using var superdaemon = Superdaemon.Start(["--path", "DIR/a", "--path", "DIR/missing/b"], Children.Serve);
        Assert.Equal(new ProgramExit(1, null), await superdaemon.Program.ExitAsync());
        Assert.EndsWith($"failed to listen to file {superdaemon.Scratch.File("missing/b")}:No such file or directory; the directory does not exist", superdaemon.Program.ErrorText, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(superdaemon.Scratch.Path));
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task A_socket_path_is_open_to_everyone_whatever_the_umask()
    {
        using var scratch = new ScratchDirectory();
        using var program = ProgramUnderTest.Start("sh",
            ["-c", "umask 077; exec \"$0\" \"$@\"", Superdaemon.Executable, "--interval", "0", "--path", scratch.File("sock"), "--", .. Children.Serve]);
        await program.LineAsync("^up 1 ");
        Assert.Equal((UnixFileMode)0x1ff, File.GetUnixFileMode(scratch.File("sock")));
        await program.StopAsync();
        Assert.False(File.Exists(scratch.File("sock")));
    }

    [Fact]
    public async Task A_dead_socket_is_replaced_and_a_file_is_not()
    {
        using var superdaemon = Superdaemon.Start(["--path", "DIR/sock"], Children.Answer, DeadSocket());
        await superdaemon.StatusAsync("1:P");
        await superdaemon.Program.LineAsync($"^removing existing socket file:{superdaemon.Scratch.File("sock")}$");
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(superdaemon.Scratch.File("sock")));
        var file = superdaemon.Scratch.Write("file", "precious");
        using var second = ProgramUnderTest.Start(Superdaemon.Executable, ["--path", file, "--", "true"]);
        Assert.Equal(new ProgramExit(1, null), await second.ExitAsync());
        Assert.Contains($"failed to listen to file {file}:something that is not a socket is there", second.ErrorText, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_second_instance_takes_neither_socket_nor_files_from_the_first()
    {
        using var scratch = new ScratchDirectory();
        using var first = Superdaemon.Start(["--path", "DIR/sock"], Children.Answer, scratch);
        var serving = await first.StatusAsync("1:P");
        using var second = Superdaemon.Start(["--path", "DIR/sock"], Children.Answer, scratch);
        Assert.Equal(new ProgramExit(1, null), await second.Program.ExitAsync());
        Assert.Matches($@"failed to listen to file .*:\S+ \(pid [0-9]+\) is listening there; stop it or choose another path", second.Program.ErrorText);
        using var third = Superdaemon.Start([], Children.Answer, scratch);
        Assert.Equal(new ProgramExit(1, null), await third.Program.ExitAsync());
        Assert.Contains($"a server is running already (pid {first.Program.Pid})", third.Program.ErrorText, StringComparison.Ordinal);
        Assert.Equal(serving, await first.StatusAsync("1:P"));
        Assert.Equal($"{first.Program.Pid}\n", first.PidFileText);
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(scratch.File("sock")));
        await first.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_socket_path_that_another_server_took_over_is_left_to_it()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--path", "DIR/sock"], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        var path = superdaemon.Scratch.File("sock");
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(path + ".other"));
        File.Move(path + ".other", path, overwrite: true);
        await superdaemon.StopsCleanlyAsync();
        Assert.True(File.Exists(path));
    }

    private static ScratchDirectory DeadSocket()
    {
        var scratch = new ScratchDirectory();
        // A bound socket whose owner is gone; renamed, because .NET removes the name it bound.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(scratch.File("bound")));
        File.Move(scratch.File("bound"), scratch.File("sock"));
        return scratch;
    }
}
