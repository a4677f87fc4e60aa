using System.Net;
using System.Net.Sockets;
using System.Text;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>What Server::Starter's own tests ask for, and what it does wrong, as far as no other class here has it.</summary>
public sealed class ContractTests
{
    private static IPEndPoint Address(OutputLine line) => IPEndPoint.Parse(line.Text[(line.Text.LastIndexOf(' ') + 1)..]);

    [Theory]
    [InlineData("127.0.0.1:0", "::1")]
    [InlineData("[::1]:0", "127.0.0.1")]
    public async Task A_port_of_one_family_does_not_answer_in_the_other(string port, string other)
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--port", port], Children.Answer);
        var bound = Address(await superdaemon.Program.LineAsync("^--port .* is bound to "));
        Assert.Equal("generation 1\n", await Clients.ReadTcpAsync(bound));
        var refused = await Assert.ThrowsAsync<SocketException>(() => Clients.ReadTcpAsync(new IPEndPoint(IPAddress.Parse(other), bound.Port)));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await superdaemon.StopsCleanlyAsync();
    }

    [Theory]
    [InlineData("u0")]
    [InlineData("127.0.0.1:u0")]
    public async Task A_datagram_reaches_each_generation_in_turn(string port)
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--port", port], Children.Perl(
            """
            my ($fd) = $ENV{SERVER_STARTER_PORT} =~ /=(\d+)$/; open(my $s, "+<&=", $fd) or die $!; up();
            while (defined(my $from = recv($s, my $data, 100, 0))) { send($s, "$data $ENV{SERVER_STARTER_GENERATION}", 0, $from) }
            """));
        var bound = new IPEndPoint(IPAddress.Loopback, Address(await superdaemon.Program.LineAsync("^--port .* is bound to ")).Port);
        using var client = new UdpClient(0, AddressFamily.InterNetwork);
        for (var generation = 1; generation <= 2; generation++)
        {
            await superdaemon.Program.LineAsync($"^up {generation} ");
            await client.SendAsync(Encoding.ASCII.GetBytes("hello"), bound);
            Assert.Equal($"hello {generation}", Encoding.ASCII.GetString((await client.ReceiveAsync().WaitAsync(Deadlines.Event)).Buffer));
            superdaemon.Program.Send(UnixSignal.Hup);
            await superdaemon.StatusAsync($"{generation + 1}:P");
        }
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_directory_that_is_gone_harms_nobody()
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch.File("release"));
        using var superdaemon = Superdaemon.Start(["--dir", "DIR/release", "--path", "DIR/sock"], Children.Answer, scratch);
        var serving = await superdaemon.StatusAsync("1:P");
        Directory.Delete(scratch.File("release"));
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync($"^failed to chdir:{scratch.File("release")}:No such file or directory$");
        await superdaemon.Program.LineAsync("^giving up after 1 failed attempt, worker [0-9]+ serves on");
        Assert.Equal(serving, await superdaemon.StatusAsync("1:P"));
        Assert.True(File.Exists(superdaemon.PidFile));
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(scratch.File("sock")));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task When_a_stop_begins_our_hold_on_the_queue_ends_and_clients_are_refused_once_the_last_generation_let_go()
    {
        using var scratch = new ScratchDirectory();
        using var superdaemon = Superdaemon.Start(["--path", "DIR/sock"], Children.Perl(
            """
            my ($fd) = $ENV{SERVER_STARTER_PORT} =~ /=(\d+)$/; open(my $l, "+<&=", $fd) or die $!; my $gate = shift;
            $SIG{TERM} = sub { close $l; print "let go\n"; wait_for($gate); exit 0 }; up(); sleep 60 while 1;
            """, scratch.File("gate")), scratch);
        await superdaemon.Program.LineAsync("^up 1 ");
        superdaemon.Program.Send(UnixSignal.Term);
        await superdaemon.Program.LineAsync("^let go$");
        // start_server is there still, but nobody's request waits in a queue that nobody reads.
        await Eventually.TrueAsync(() =>
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                client.Connect(new UnixDomainSocketEndPoint(scratch.File("sock")));
                return false;
            }
            catch (SocketException error)
            {
                return error.SocketErrorCode == SocketError.ConnectionRefused;
            }
        }, "a client is refused", superdaemon.Program.Describe);
        Assert.False(superdaemon.Program.HasExited);
        scratch.Write("gate", "");
        Assert.Equal(new ProgramExit(0, null), await superdaemon.Program.ExitAsync());
        await superdaemon.NothingLeftAsync();
    }

    [Fact]
    public async Task Options_are_seen_in_their_twins_and_defaults_are_not()
    {
        const string tell = """print "$_=[", $ENV{$_} // 'unset', "]\n" for qw(ENVDIR ENABLE_AUTO_RESTART AUTO_RESTART_INTERVAL KILL_OLD_DELAY); up(); sleep 60 while 1;""";
        using var given = await Superdaemon.ServingAsync(["--envdir", "/nowhere", "--enable-auto-restart", "--auto-restart-interval", "99", "--kill-old-delay=2"], Children.Perl(tell));
        using var defaults = await Superdaemon.ServingAsync(["--enable-auto-restart"], Children.Perl(tell));
        foreach (var line in new[] { "ENVDIR=[/nowhere]", "ENABLE_AUTO_RESTART=[1]", "AUTO_RESTART_INTERVAL=[99]", "KILL_OLD_DELAY=[2]" })
            await given.Program.LineAsync(found => found.Text == line, line);
        foreach (var line in new[] { "ENVDIR=[unset]", "ENABLE_AUTO_RESTART=[1]", "AUTO_RESTART_INTERVAL=[unset]", "KILL_OLD_DELAY=[unset]" })
            await defaults.Program.LineAsync(found => found.Text == line, line);
        await given.Program.LineAsync("^up 1 ");
        await defaults.Program.LineAsync("^up 1 ");
        await given.StopsCleanlyAsync();
        await defaults.StopsCleanlyAsync();
    }
}
