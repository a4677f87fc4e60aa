using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using StarletNet.Shared.Listening;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

public sealed class ListeningTests : IDisposable
{
    private readonly MasterUnderTest _test = new();
    private readonly ListeningSocket _socket = ListeningSocket.BindTcp(new IPEndPoint(IPAddress.Loopback, 0), 16);

    public void Dispose()
    {
        _socket.Dispose();
        _test.Dispose();
    }

    private IPEndPoint EndPoint => ListeningSocket.BoundEndPoint(_socket.Descriptor.Number);

    private ProgramUnderTest Under(string serverStarterPort, int ours, params string[] options) => _test.Run(
        [.. options, "-w1", _test.Application, _test.Behaviour],
        new ProgramOptions { Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = serverStarterPort }, Descriptors = [(ours, 7)] });

    private static async Task<string> FailureAsync(ProgramUnderTest master, int code)
    {
        Assert.Equal(code, (await master.ExitAsync()).Code);
        await master.NothingLeftAsync();
        var line = Assert.Single(master.Lines);
        Assert.StartsWith("starletnet: ", line.Text);
        return line.Text;
    }

    [Fact]
    public async Task The_sockets_of_start_server_are_adopted()
    {
        _test.Behave("environment");
        var master = Under("127.0.0.1:80=7", _socket.Descriptor.Number);

        await master.LineAsync("listening on 127.0.0.1:80, descriptor 7 of our parent");
        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(EndPoint));
        Assert.Contains("env STARLETNET_WORKER_LISTEN=7\n", master.OutputText);
        Assert.DoesNotContain("env SERVER_STARTER_PORT", master.OutputText);
    }

    [Fact]
    public async Task Options_of_an_adopted_socket_are_matched_by_its_name_and_others_are_replaced()
    {
        _test.Behave("environment");
        var master = Under("8080=7", _socket.Descriptor.Number, "-l", ":8080?http=h2", "-l", "127.0.0.1:9999");

        await master.LineAsync("warning: not listening on 127.0.0.1:9999: the sockets of SERVER_STARTER_PORT replace what the options say");
        await master.LineAsync(@"env STARLETNET_WORKER_LISTEN=7\?http=h2$");
    }

    [Theory]
    [InlineData("8080", "malformed SERVER_STARTER_PORT: '8080' has no '='")]
    [InlineData("8080=x", "'x' in '8080=x' is not a descriptor number")]
    [InlineData("8080=7;", "malformed SERVER_STARTER_PORT")]
    [InlineData("8080=2;8081=2", "'8080' and '8081' are both said to be descriptor 2")]
    [InlineData("8080=88", "'8080=88': descriptor 88 is not open")]
    [InlineData("8080=2", "'8080=2': descriptor 2 is not a stream socket")]
    public async Task What_start_server_would_not_have_said_ends_the_start(string value, string why) =>
        Assert.Contains(why, await FailureAsync(Under(value, _socket.Descriptor.Number), 1));

    [Fact]
    public async Task A_descriptor_that_is_not_there_is_named_as_it_was_written() =>
        Assert.Contains("--listen: 'fd:88': descriptor 88 is not open", await FailureAsync(_test.Start("-l", "fd:88"), 1));

    [Fact]
    public async Task A_socket_that_does_not_listen_ends_the_start()
    {
        using var idle = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        Assert.Contains("is a socket that does not listen", await FailureAsync(Under("8080=7", (int)idle.Handle), 1));
    }

    [Fact]
    public async Task A_datagram_socket_is_left_alone()
    {
        using var datagram = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var master = _test.Run(["-w1", _test.Application, _test.Behaviour], new ProgramOptions
        {
            Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = "443=8;80=7" },
            Descriptors = [(_socket.Descriptor.Number, 7), ((int)datagram.Handle, 8)],
        });

        await master.LineAsync("warning: 443, descriptor 8, is a datagram socket");
        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(EndPoint));
    }

    [Theory]
    [InlineData("SERVER_STARTER_PORT=443=3", "SERVER_STARTER_PORT has no stream socket to serve on; give start_server a --port or --path")]
    [InlineData("LISTEN_PID=$$ LISTEN_FDS=1", "LISTEN_FDS has no stream socket to serve on; give the .socket unit a ListenStream=")]
    public async Task Datagram_sockets_alone_end_the_start_and_who_gave_them_is_named(string variables, string why)
    {
        using var datagram = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var script = _test.Write("run", $"#!/bin/sh\n{variables} exec {_test.Executable} -w1 {_test.Application} {_test.Behaviour}\n", executable: true);
        var master = _test.Keep(ProgramUnderTest.Start(script, [], new ProgramOptions { Descriptors = [((int)datagram.Handle, 3)] }));

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.EndsWith(why, master.ErrorText);
    }

    [Fact]
    public async Task The_sockets_of_systemd_are_adopted_if_they_are_for_us()
    {
        var script = _test.Write("run", $"#!/bin/sh\nLISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec {_test.Executable} -w1 {_test.Application} {_test.Behaviour}\n", executable: true);
        var master = _test.Keep(ProgramUnderTest.Start(script, [], new ProgramOptions { Descriptors = [(_socket.Descriptor.Number, 3)] }));

        await master.LineAsync("listening on web, descriptor 3 of our parent");
        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(EndPoint));
    }

    [Fact]
    public async Task The_sockets_of_systemd_are_not_taken_from_somebody_else()
    {
        var master = _test.Run(["-l", "127.0.0.1:0", "-w1", _test.Application, _test.Behaviour], new ProgramOptions
        {
            Environment = new Dictionary<string, string> { ["LISTEN_PID"] = "1", ["LISTEN_FDS"] = "1" },
            Descriptors = [(_socket.Descriptor.Number, 3)],
        });

        await master.LineAsync(@"listening on 127\.0\.0\.1:\d+$");
    }

    [Fact]
    public async Task An_inherited_descriptor_can_be_named()
    {
        var master = _test.Run(["-l", "fd:7", "-w1", _test.Application, _test.Behaviour], new ProgramOptions { Descriptors = [(_socket.Descriptor.Number, 7)] });

        await master.LineAsync("listening on fd:7");
        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(EndPoint));
    }

    [Fact]
    public async Task A_daemon_leaves_a_listener_alone_that_is_its_standard_input()
    {
        var pid = _test.File("pid");
        var caller = _test.Run(["-D", "-l", "fd:0", "-w1", "--pid", pid, _test.Application, _test.Behaviour], new ProgramOptions { Descriptors = [(_socket.Descriptor.Number, 0)] });

        Assert.Equal(0, (await caller.ExitAsync()).Code);
        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(EndPoint));
        ProcessEntry.Read(int.Parse(LockedFile.ReadAllText(pid)))!.Send(UnixSignal.Term);
        await caller.NothingLeftAsync(pid);
    }

    [Fact]
    public async Task A_port_of_its_own_answers_to_both_families_where_there_are_two()
    {
        var port = FreePort.Next();
        var master = _test.Run(["-p", $"{port}", "-w1", _test.Application, _test.Behaviour]);
        await master.LineAsync("serving");

        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(new IPEndPoint(IPAddress.Loopback, port)));
        if (Socket.OSSupportsIPv6) Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(new IPEndPoint(IPAddress.IPv6Loopback, port)));
    }

    [Fact]
    public async Task A_name_is_resolved()
    {
        var port = FreePort.Next();
        var master = _test.Run(["-l", $"localhost:{port}", "-w1", _test.Application, _test.Behaviour]);

        await master.LineAsync($"listening on 127.0.0.1:{port}");
        await master.LineAsync("serving");
        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(new IPEndPoint(IPAddress.Loopback, port)));
    }

    [Fact]
    public async Task A_port_in_use_ends_the_start() =>
        Assert.Matches(
            $@"cannot listen on {Regex.Escape($"{EndPoint}")}: Address already in use; \S+ \(pid {Environment.ProcessId}\) listens there: stop it or choose another address",
            await FailureAsync(_test.Run(["-l", EndPoint.ToString(), _test.Application]), 1));

    // As the kernel cuts it.
    private static string Holder => $"{File.ReadAllText("/proc/self/comm").Trim()} (pid {Environment.ProcessId})";

    [Theory]
    [InlineData("0.0.0.0", "[::]", "this very start has bound 0.0.0.0:PORT already ([::] takes IPv4 along, except with --ipv6=only); leave one of the two out")]
    [InlineData("[::]", "127.0.0.1", "this very start has bound [::]:PORT already ([::] takes IPv4 along, except with --ipv6=only); leave one of the two out")]
    [InlineData("127.0.0.2", "127.0.0.1", "Address already in use; HOLDER listens there: stop it or choose another address")]
    public async Task Who_has_the_port_is_named(string first, string second, string reason)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "needs IPv6");
        // The kernel's own choice, and taken on 127.0.0.1 for the last of them.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        if (first == "127.0.0.2") taken.Listen();
        else taken.Close();

        var error = await FailureAsync(_test.Run(["-l", $"{first}:{port}", "-l", $"{second}:{port}", _test.Application]), 1);

        Assert.Contains($"cannot listen on {second}:{port}: {reason.Replace("PORT", $"{port}", StringComparison.Ordinal).Replace("HOLDER", Holder, StringComparison.Ordinal)}", error);
    }

    [Theory]
    [InlineData("::ffff:127.0.0.1", "write it as IPv4: 127.0.0.1")]
    [InlineData("fe80::1", "an address of one link needs its interface: [fe80::1%eth0]")]
    [InlineData("fe80::1%nowhere", "there is no interface 'nowhere'")]
    public async Task An_IPv6_address_that_the_kernel_refuses_is_explained(string host, string advice)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "needs IPv6");
        var error = await FailureAsync(_test.Run(["-l", $"[{host}]:0", _test.Application]), 1);

        Assert.Contains($"cannot listen on [{host}]:0: Invalid argument; {advice}", error);
    }

    [Fact]
    public async Task All_is_bound_or_nothing()
    {
        var path = _test.File("a.sock");

        await FailureAsync(_test.Run(["-l", path, "-l", EndPoint.ToString(), _test.Application]), 1);

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task A_unix_socket_is_made_with_its_mode_and_removed_at_the_end()
    {
        var path = _test.File("a.sock");
        var master = _test.Run(["-l", $"{path}?mode=0600", "-w1", _test.Application, _test.Behaviour]);
        await master.LineAsync("serving");

        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(new UnixDomainSocketEndPoint(path)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync(path);
    }

    [Fact]
    public async Task A_socket_left_by_a_killed_master_is_replaced()
    {
        var path = _test.File("a.sock");
        var first = _test.Run(["-S", path, "-w1", _test.Application, _test.Behaviour]);
        await first.LineAsync("serving");
        first.Send(UnixSignal.Kill);
        await first.NothingLeftAsync();

        var second = _test.Run(["-S", path, "-w1", _test.Application, _test.Behaviour]);
        await second.LineAsync("serving");

        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(new UnixDomainSocketEndPoint(path)));
    }

    [Fact]
    public async Task A_socket_that_answers_and_a_file_that_is_no_socket_are_not_replaced()
    {
        var path = _test.File("a.sock");
        var first = _test.Run(["-S", path, "-w1", _test.Application, _test.Behaviour]);
        await first.LineAsync("serving");

        Assert.Contains($"starletnet (pid {first.Pid}) answers there; stop it", await FailureAsync(_test.Run(["-S", path, _test.Application]), 1));
        Assert.Contains("a file that is no socket is there", await FailureAsync(_test.Run(["-S", _test.Behaviour, _test.Application]), 1));
        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(new UnixDomainSocketEndPoint(path)));
    }

    [Fact]
    public async Task An_abstract_socket_serves()
    {
        var name = $"starletnet-test-{Guid.NewGuid():N}";
        var master = _test.Run(["-S", "@" + name, "-w1", _test.Application, _test.Behaviour]);
        await master.LineAsync("serving");

        Assert.StartsWith("fake 0", await MasterUnderTest.AskAsync(new UnixDomainSocketEndPoint("\0" + name)));
    }

    [Fact]
    public async Task Each_worker_has_a_queue_of_its_own_at_an_address_that_is_ours_alone()
    {
        var port = FreePort.Next();
        var master = _test.Run(["--reuse-port", "-w3", "-l", $"127.0.0.1:{port}", _test.Application, _test.Behaviour]);
        await master.LineAsync("serving .* with 3 workers");
        Assert.Equal(3, Queues(port));

        // Clients come from many addresses, so the kernel finds everybody.
        var answered = new HashSet<string>();
        await Eventually.TrueAsync(() => answered.Add(Worker(port)) && answered.Count == 3, "each worker has answered");
        master.Send(UnixSignal.Ttou);
        await master.LineAsync("3 workers stay: there cannot be fewer");

        var second = _test.Run(["--reuse-port", "-w2", "-l", $"127.0.0.1:{port}", _test.Application, _test.Behaviour]);
        Assert.Contains($"cannot listen on 127.0.0.1:{port}: Address already in use", await FailureAsync(second, 1));
    }

    [Fact]
    public async Task A_socket_for_each_worker_cannot_be_had_of_a_superdaemon() =>
        Assert.Contains("option --reuse-port: a superdaemon has bound one socket for all workers", await FailureAsync(Under("8080=7", _socket.Descriptor.Number, "--reuse-port"), 2));

    private static string Worker(int port) => MasterUnderTest.AskAsync(new IPEndPoint(IPAddress.Loopback, port)).GetAwaiter().GetResult().Split(' ')[1];

    // 0A: listening.
    private static int Queues(int port) => File.ReadLines("/proc/net/tcp").Count(line => line.Contains($" 0100007F:{port:X4} 00000000:0000 0A ", StringComparison.Ordinal));
}
