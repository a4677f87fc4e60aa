using System.Net;
using System.Net.Sockets;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary><c>--reconfigure</c>: the command line of a running start_server is replaced, listeners and all.</summary>
public sealed class ReconfigureTests
{
    /// <summary>Answers with its generation, and says which listeners it has.</summary>
    private static readonly string[] Answer = Children.Perl("print \"has $ENV{SERVER_STARTER_PORT}\\n\";" + Children.Answer[2][Children.Answer[2].IndexOf("my @fds", StringComparison.Ordinal)..]);

    /// <summary>Takes nothing until it is told to go; then all that waits.</summary>
    private static readonly string[] AnswersAtTheEnd = Children.Perl(
        """
        my @listeners = map { open(my $l, "+<&=", /=(\d+)$/) or die; $l } split /;/, $ENV{SERVER_STARTER_PORT};
        $SIG{TERM} = sub {
            wait_for('DIR/gate');
            for my $l (@listeners) {
                while (1) {
                    my $r = ''; vec($r, fileno($l), 1) = 1;
                    last unless select($r, undef, undef, 0);
                    accept(my $c, $l) or last; syswrite $c, "late $ENV{SERVER_STARTER_GENERATION}\n"; close $c;
                }
            }
            exit 0;
        };
        up(); sleep 60 while 1;
        """);

    private static async Task RefusedAsync(IPEndPoint address)
    {
        var error = await Assert.ThrowsAsync<SocketException>(() => Clients.ReadTcpAsync(address));
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
    }

    [Fact]
    public async Task Listeners_come_stay_and_go_and_what_stays_loses_nothing()
    {
        using var service = new Reconfigurable(["--port", "127.0.0.1:0", "--port", "127.0.0.2:0", "--path", "DIR/kept", "--path", "DIR/old"], Answer);
        await service.Daemon.StatusAsync("1:P");
        var kept = await service.AddressAsync("127.0.0.1:0");
        var removed = await service.AddressAsync("127.0.0.2:0");
        var before = (await service.Program.LineAsync("^has ")).Text;
        using var cancel = new CancellationTokenSource();
        var load = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var seen = new HashSet<string>();
            while (!cancel.IsCancellationRequested) seen.Add(await Clients.ReadTcpAsync(kept));
            return seen;
        })).ToArray();

        using var client = service.Reconfigure(["--port", "127.0.0.1:0", "--port", "127.0.0.3:0", "--path", "DIR/kept", "--path", "DIR/new"], Answer);
        await service.EndsAsync(client, 0);
        Assert.Matches("^start_server has taken the new command line\ngeneration 2 \\(pid [0-9]+\\) started\n(.|\n)*\ngeneration 2 serves .*$", client.OutputText);
        var two = await service.Daemon.StatusAsync("2:P");
        Assert.Equal("generation 2\n", await Clients.ReadTcpAsync(kept));
        await cancel.CancelAsync();
        foreach (var one in load) Assert.Equal(["generation 1\n", "generation 2\n"], (await one).Order(StringComparer.Ordinal));

        Assert.Equal("generation 2\n", await Clients.ReadTcpAsync(await service.AddressAsync("127.0.0.3:0")));
        Assert.Equal("generation 2\n", await Clients.ReadUnixAsync(service.File("kept")));
        Assert.Equal("generation 2\n", await Clients.ReadUnixAsync(service.File("new")));
        await RefusedAsync(removed);
        Assert.False(Path.Exists(service.File("old")));
        await service.Program.LineAsync($"^no longer listening: {removed}$");
        // The same number for the same socket.
        var after = (await service.Program.LineAsync("^has .*127.0.0.3")).Text;
        Assert.Equal(before.Split(';')[0], after.Split(';')[0]);
        Assert.Contains("127.0.0.3:0", service.CommandLine, StringComparison.Ordinal);
        Assert.DoesNotContain("reconfigure", service.CommandLine, StringComparison.Ordinal);

        // It is the service's command line from now on.
        await service.UpgradeAsync();
        Assert.Equal(two, await service.Daemon.StatusAsync("2:P"));
        service.Program.Send(UnixSignal.Hup);
        await service.Daemon.StatusAsync("3:P");
        Assert.Equal("generation 3\n", await Clients.ReadUnixAsync(service.File("new")));
        await service.Daemon.StopsCleanlyAsync();
        Assert.False(Path.Exists(service.File("kept")) || Path.Exists(service.File("new")));
    }

    [Fact]
    public async Task Who_waits_at_a_removed_port_is_served_by_the_old_generation()
    {
        using var service = new Reconfigurable(["--port", "127.0.0.1:0", "--port", "127.0.0.2:0"], AnswersAtTheEnd);
        await service.Daemon.StatusAsync("1:P");
        await service.Program.LineAsync("^up 1 ");
        var removed = await service.AddressAsync("127.0.0.2:0");
        var waiting = new[] { Clients.ReadTcpAsync(removed), Clients.ReadTcpAsync(removed) };
        using var client = service.Reconfigure(["--port", "127.0.0.1:0"], AnswersAtTheEnd);
        await service.Program.LineAsync("^no longer listening: ");
        await service.Daemon.StatusAsync("1:P", "2:P");
        service.Write("gate", "");
        await service.EndsAsync(client, 0);
        Assert.Equal(["late 1\n", "late 1\n"], await Task.WhenAll(waiting));
        await service.Daemon.StopsCleanlyAsync();
    }

    [Theory]
    [InlineData("--path DIR/fresh --path DIR/text", "failed to listen to file DIR/text:something that is not a socket is there; remove it or choose another path")]
    [InlineData("--path DIR/fresh --port 127.0.0.1:TAKEN", "failed to bind to 127.0.0.1:TAKEN:Address already in use; HOLDER listens there: stop it or choose another address")]
    [InlineData("--port 127.0.0.1:0 --port 127.0.0.2:0=TAKENFD", "invalid ``port'' value:127.0.0.2:0=TAKENFD: descriptor TAKENFD is another listener's")]
    public async Task What_cannot_be_bound_leaves_all_as_it_was(string options, string reason)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var service = new Reconfigurable(["--port", "127.0.0.1:0", "--path", "DIR/sock"], Answer);
        service.Write("text", "");
        var first = await service.Daemon.StatusAsync("1:P");
        var kept = await service.AddressAsync("127.0.0.1:0");
        var number = (await service.Program.LineAsync("^has ")).Text.Split(['=', ';'])[1];
        string full(string text) => text.Replace("TAKENFD", number, StringComparison.Ordinal)
            .Replace("TAKEN", $"{((IPEndPoint)taken.LocalEndpoint).Port}", StringComparison.Ordinal)
            .Replace("HOLDER", $"{File.ReadAllText("/proc/self/comm").Trim()} (pid {Environment.ProcessId})", StringComparison.Ordinal).Replace("DIR", Path.GetDirectoryName(service.Daemon.PidFile), StringComparison.Ordinal);
        // It answers when it has seen to all that came before, so the pipe that would have told of a failed launch is closed.
        await service.EndsAsync(service.List(), 0);
        var before = (service.CommandLine, service.Descriptors);

        using var client = service.Reconfigure(full(options).Split(' '), Answer);
        await service.EndsAsync(client, 10, System.Text.RegularExpressions.Regex.Escape($"not reconfigured: {full(reason)}"));
        await service.Program.LineAsync($"^{System.Text.RegularExpressions.Regex.Escape($"new command line refused, this one stays: {full(reason)}")}$");
        Assert.False(Path.Exists(service.File("fresh")));
        Assert.Equal(first, await service.Daemon.StatusAsync("1:P"));
        Assert.Equal("generation 1\n", await Clients.ReadTcpAsync(kept));
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(service.File("sock")));
        await Eventually.TrueAsync(() => before == (service.CommandLine, service.Descriptors), "all as before",
            () => $"before: {before}\nafter: {(service.CommandLine, service.Descriptors)}\n{service.Program.Describe()}");
        service.Program.Send(UnixSignal.Hup);
        await service.Daemon.StatusAsync("2:P");
        await service.UpgradeAsync();
        await service.Daemon.StopsCleanlyAsync();
        Assert.False(Path.Exists(service.File("sock")));
    }

    [Theory]
    [InlineData("--pid-file DIR/other", "--pid-file cannot be changed while start_server runs: it is 'DIR/pid', and was to be 'DIR/other'")]
    [InlineData("--log-file DIR/log", "--log-file cannot be changed while start_server runs: it is '', and was to be 'DIR/log'")]
    [InlineData("--orphans keep", "--orphans cannot be changed while start_server runs: it is 'stop', and was to be 'keep'")]
    [InlineData("--port nowhere.invalid:80", "failed to resolve host:nowhere.invalid:.*")]
    [InlineData("--port x", "invalid ``port'' value:x")]
    [InlineData("--check", "the command line does not ask for a service")]
    [InlineData("--listen-fds --port 127.0.0.1:0 --port 127.0.0.1:0=3", ".*--listen-fds needs descriptor 3 for another listener")]
    public async Task What_its_trial_run_refuses_is_refused_and_said(string options, string reason)
    {
        using var service = new Reconfigurable([], Children.Serve);
        var first = await service.Daemon.StatusAsync("1:P");
        string full(string text) => text
            .Replace("HOLDER", $"{File.ReadAllText("/proc/self/comm").Trim()} (pid {Environment.ProcessId})", StringComparison.Ordinal).Replace("DIR", Path.GetDirectoryName(service.Daemon.PidFile), StringComparison.Ordinal);
        using var client = service.Reconfigure(full(options).Split(' '), Children.Serve);
        await service.EndsAsync(client, 10, $"not reconfigured: its trial run ended with exit code [0-9]+: {full(reason)}");
        Assert.Equal(first, await service.Daemon.StatusAsync("1:P"));
        await service.Daemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_program_that_does_not_start_brings_the_former_command_line_back()
    {
        using var service = new Reconfigurable(["--port", "127.0.0.1:0", "--port", "127.0.0.2:0", "--path", "DIR/old"], Answer);
        var first = await service.Daemon.StatusAsync("1:P");
        var addresses = new[] { await service.AddressAsync("127.0.0.1:0"), await service.AddressAsync("127.0.0.2:0") };
        var before = service.CommandLine;
        using var client = service.Reconfigure(["--interval", "3600", "--port", "127.0.0.1:0", "--port", "127.0.0.3:0", "--path", "DIR/new"], Children.DieEarly);
        await service.EndsAsync(client, 10, "not deployed: generation 2 exited with status 1; the former command line is in force again");
        Assert.Equal(first, await service.Daemon.StatusAsync("1:P"));
        Assert.Equal(before, service.CommandLine);
        foreach (var address in addresses) Assert.Equal("generation 1\n", await Clients.ReadTcpAsync(address));
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(service.File("old")));
        await RefusedAsync(await service.AddressAsync("127.0.0.3:0"));
        Assert.False(Path.Exists(service.File("new")));
        service.Program.Send(UnixSignal.Hup);
        await service.Daemon.StatusAsync("3:P");
        foreach (var address in addresses) Assert.Equal("generation 3\n", await Clients.ReadTcpAsync(address));
        await service.Daemon.StopsCleanlyAsync();
        Assert.False(Path.Exists(service.File("old")));
    }

    [Fact]
    public async Task So_does_one_that_fails_while_it_is_watched()
    {
        var dies = Children.Perl("up(); wait_for('DIR/gate'); exit 3;");
        using var service = new Reconfigurable(["--port", "127.0.0.2:0", "--watch", "600"], Answer);
        await service.Daemon.StatusAsync("1:P");
        var removed = await service.AddressAsync("127.0.0.2:0");
        var before = service.CommandLine;
        using var client = service.Reconfigure(["--port", "127.0.0.3:0", "--watch", "600"], dies);
        await service.Daemon.StatusAsync("1:P", "2:P");
        Assert.Equal("generation 1\n", await Clients.ReadTcpAsync(removed));
        // An upgrade meanwhile knows what is under way.
        await service.UpgradeAsync();
        service.Write("gate", "");
        await service.EndsAsync(client, 13, "not deployed: generation 2 exited with status 3; the former command line is in force again");
        await service.Daemon.StatusAsync("1:P");
        Assert.Equal(before, service.CommandLine);
        Assert.Equal("generation 1\n", await Clients.ReadTcpAsync(removed));
        await RefusedAsync(await service.AddressAsync("127.0.0.3:0"));
        await service.Daemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_deploy_under_way_comes_first()
    {
        using var service = new Reconfigurable(["--ready", "notify"], Children.Perl("tell_supervisor('READY=1') if $ENV{SERVER_STARTER_GENERATION} == 1; up(); sleep 60 while 1;"));
        await service.Daemon.StatusAsync("1:P");
        service.Program.Send(UnixSignal.Hup);
        await service.Program.LineAsync("^up 2 ");
        using var client = service.Reconfigure([], Children.Serve);
        await service.EndsAsync(client, 12, "not deployed: another deploy is under way");
        await service.Daemon.StopsCleanlyAsync();
    }

    /// <summary>A number that is asked for, another length of the queue, another directory: whatever a start would do.</summary>
    [Fact]
    public async Task What_stays_may_have_another_number_and_another_queue()
    {
        var tell = Children.Perl(
            """open(my $l, "+<&=", ($ENV{SERVER_STARTER_PORT} =~ /=(\d+)/)[0]) or die; print "queue ", unpack('x28 L', getsockopt($l, 6, 11)), " of $ENV{SERVER_STARTER_PORT} \n"; up(); sleep 60 while 1;""");
        using var service = new Reconfigurable(["--port", "127.0.0.1:0", "--backlog", "7"], tell);
        await service.Daemon.StatusAsync("1:P");
        var address = await service.AddressAsync("127.0.0.1:0");
        await service.Program.LineAsync($"^queue 7 of {address}=");
        using var client = service.Reconfigure(["--port", $"127.0.0.1:{address.Port}=77", "--backlog", "9"], tell);
        await service.EndsAsync(client, 0);
        await service.Program.LineAsync($"^queue 9 of {address}=77 ");
        await service.Daemon.StopsCleanlyAsync();
    }
}
