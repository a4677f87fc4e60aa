using System.Net.Sockets;
using StarletNet.StartServer.Tests.Processes;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Control;

/// <summary><c>--restart</c> with a server that has nothing but its files, as Server::Starter's.</summary>
public sealed class ForeignServerTests : IDisposable
{
    /// <summary>Locks its pid file and, on HUP, writes one status after the other; <c>exit</c> ends it.</summary>
    private const string Server =
        """
        use Fcntl ':flock'; $| = 1;
        my ($pid, $status, @steps) = @ARGV;
        open(my $lock, '>', $pid) or die; flock($lock, LOCK_EX); syswrite $lock, "$$\n";
        sub now_reads { open(my $f, '>', "$status.new"); print $f map { "$_\n" } split /,/, $_[0]; close $f; rename "$status.new", $status }
        $SIG{HUP} = sub { for (@steps) { select undef, undef, undef, 0.2; if ($_ eq 'exit') { unlink $status; select undef, undef, undef, 0.3; exit } now_reads($_) } };
        now_reads("1:11"); print "here\n"; sleep 60 while 1;
        """;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private async Task<ProgramUnderTest> ServerAsync(params string[] steps)
    {
        var server = ProgramUnderTest.Start("perl", ["-e", Server, _scratch.File("pid"), _scratch.File("status"), .. steps]);
        await server.LineAsync("^here$");
        return server;
    }

    private async Task RestartEndsAsync(int exitCode, string error)
    {
        using var restart = ProgramUnderTest.Start(
            Superdaemon.Executable, ["--restart", "--timeout", "1", "--pid-file", _scratch.File("pid"), "--status-file", _scratch.File("status")]);
        Assert.Equal(new ProgramExit(exitCode, null), await restart.ExitAsync());
        Assert.Equal(("", error), (restart.OutputText, restart.ErrorText));
    }

    [Fact]
    public async Task A_new_generation_alone_is_the_end()
    {
        using var server = await ServerAsync("1:11,2:22", "2:22");
        await RestartEndsAsync(0, "");
    }

    [Fact]
    public async Task So_it_is_when_it_took_more_than_one_attempt()
    {
        using var server = await ServerAsync("1:11,4:44", "4:44");
        await RestartEndsAsync(0, "generation 4 (pid 44) serves; there were other attempts since the one it replaces, see the log");
    }

    [Fact]
    public async Task That_none_has_started_in_time_is_said_with_who_serves_on()
    {
        using var server = await ServerAsync();
        await RestartEndsAsync(11, "no new generation has started within 1 secs; generation 1 (pid 11) serves on, and start_server goes on trying: see its log");
    }

    [Fact]
    public async Task So_is_that_an_old_one_has_not_ended()
    {
        using var server = await ServerAsync("1:11,2:22");
        await RestartEndsAsync(11, "a new generation serves, but generation 1 (pid 11) has not ended within 1 secs");
    }

    [Fact]
    public async Task The_end_of_the_server_is_noticed()
    {
        using var server = await ServerAsync("1:11,2:22", "exit");
        await RestartEndsAsync(3, $"start_server (pid {server.Pid}) has ended before the deploy was done");
    }

    /// <summary>Anybody may take an abstract name.</summary>
    [Fact]
    public async Task Who_answers_at_the_servers_name_and_is_not_the_server_is_not_asked()
    {
        using var server = await ServerAsync("2:22");
        using var stranger = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stranger.Bind(new UnixDomainSocketEndPoint($"\0start_server/{server.Pid}"));
        stranger.Listen();
        await RestartEndsAsync(0, "");
        using var connection = await stranger.AcceptAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await connection.ReceiveAsync(new byte[100], TestContext.Current.CancellationToken));
    }

    /// <summary>Where containers share a network, root of one is not root of the other.</summary>
    [Fact]
    public async Task Root_of_another_pid_namespace_may_not_ask_at_a_servers_name()
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/bin/unshare"), "needs root and unshare");
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Serve);
        string[] ask = ["perl", "-MSocket", "-e", "$SIG{PIPE} = 'IGNORE'; socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un(\"\\0start_server/$ARGV[0]\")) or die $!; syswrite $s, \"list\\n\"; print <$s>", $"{superdaemon.Program.Pid}"];
        using var outside = ProgramUnderTest.Start("unshare", ["--pid", "--fork", .. ask]);
        await outside.ExitAsync();
        Assert.SkipWhen(outside.ErrorText.StartsWith("unshare", StringComparison.Ordinal), "no new pid namespace here");
        Assert.Contains("only processes of the same pid namespace may ask", outside.OutputText, StringComparison.Ordinal);
        using var inside = ProgramUnderTest.Start(ask[0], ask[1..]);
        await inside.ExitAsync();
        Assert.Contains("\"event\":\"generations\"", inside.OutputText, StringComparison.Ordinal);
        await superdaemon.StopsCleanlyAsync();
    }
}
