using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using StarletNet.Master.Tests.Observing;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>The master, asked what it does: by <c>starletnet status</c> and by <c>--metrics</c>.</summary>
public sealed class StatusTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private async Task<(int? Code, string Output, string Error)> StatusAsync(params string[] arguments)
    {
        var command = _test.Run(["status", .. arguments]);
        return ((await command.ExitAsync()).Code, command.OutputText, command.ErrorText);
    }

    [Fact]
    public async Task Who_asks_by_pid_sees_the_workers()
    {
        var master = await _test.StartReady();
        await MasterUnderTest.AskAsync(master);

        var (code, json, _) = await StatusAsync("--json", $"{master.Pid}");

        Assert.Equal(0, code);
        var status = JsonDocument.Parse(json).RootElement;
        Assert.Equal(master.Pid, status.GetProperty("pid").GetInt32());
        Assert.Equal("serving", status.GetProperty("state").GetString());
        Assert.Equal(1, status.GetProperty("totals").GetProperty("requests").GetInt32());
        var workers = status.GetProperty("workers").EnumerateArray().ToArray();
        Assert.Equal([0, 1], workers.Select(worker => worker.GetProperty("slot").GetInt32()));
        Assert.Equal(master.Family.Where(process => process.Parent == master.Pid).Select(process => process.Pid).Order(), workers.Select(worker => worker.GetProperty("pid").GetInt32()).Order());
        Assert.All(workers, worker => Assert.Equal("idle", worker.GetProperty("state").GetString()));
        Assert.All(workers, worker => Assert.InRange(worker.GetProperty("memoryBytes").GetInt64(), 1 << 20, 1L << 32));
        Assert.All(workers, worker => Assert.True(worker.GetProperty("startedAt").GetDateTimeOffset() <= worker.GetProperty("readyAt").GetDateTimeOffset()));
    }

    /// <summary>The application runs in the same process as the writer of the figures.</summary>
    [Fact]
    public async Task Whatever_a_worker_writes_over_its_figures_the_master_goes_on_and_answers()
    {
        var master = await _test.StartReady("--worker-timeout", "2");
        var memory = Directory.GetFiles($"/proc/{master.Pid}/fd").Single(file => new FileInfo(file).LinkTarget?.StartsWith("/memfd:starletnet-scoreboard", StringComparison.Ordinal) == true);
        foreach (byte content in new[] { 0x7f, 0xff, 0x80 })
        {
            using (var file = new FileDescriptor(LibC.open(memory, LibC.O_RDWR | LibC.O_CLOEXEC, 0)))
            {
                for (var place = 0; place < 2; place++) Assert.Equal(1024, Pwrite(file.Number, [.. Enumerable.Repeat(content, 1024)], place * 4096));
                Assert.Equal(-1, LibC.ftruncate(file.Number, 0));
            }
            var (code, json, error) = await StatusAsync("--json", $"{master.Pid}");
            Assert.Equal((0, ""), (code, error));
            Assert.Equal(2, JsonDocument.Parse(json).RootElement.GetProperty("workers").GetArrayLength());
            Assert.Equal(0, (await StatusAsync($"{master.Pid}")).Code);
        }
        // The figures of a worker that is gone are added up.
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart done");
        Assert.Contains("gen=2", await MasterUnderTest.AskAsync(master), StringComparison.Ordinal);
        Assert.Equal(new ProgramExit(0, null), await master.StopAsync());
        Assert.DoesNotContain("please report", master.ErrorText, StringComparison.Ordinal);
    }

    private static unsafe long Pwrite(int file, byte[] content, long at)
    {
        fixed (byte* start = content) return LibC.pwrite(file, start, content.Length, at);
    }

    [Fact]
    public async Task Whose_output_nobody_reads_any_more_ends()
    {
        var master = await _test.StartReady();
        var watched = ProgramUnderTest.Start("sh", ["-c", "{ \"$0\" status --interval 0.1 $1; echo \"ended with $?\" >&2; } | head -1", _test.Executable, $"{master.Pid}"]);
        _test.Keep(watched);

        await watched.ExitAsync();

        Assert.Equal("starletnet: cannot write to standard output: Broken pipe\nended with 1", watched.ErrorText);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--man")]
    [InlineData("--version")]
    [InlineData("--completion", "bash")]
    [InlineData("--check-config")]
    [InlineData("stacks", "--help")]
    [InlineData("status", "--help")]
    public async Task What_cannot_be_printed_is_not_taken_for_done(params string[] words)
    {
        using var command = ProgramUnderTest.Start("sh", ["-c", "exec \"$0\" \"$@\" > /dev/full", _test.Executable, .. words]);

        Assert.Equal(1, (await command.ExitAsync()).Code);
        Assert.Equal("starletnet: cannot write to standard output: No space left on device", command.ErrorText);
    }

    [Fact]
    public async Task By_pid_file_and_by_a_socket_of_ones_own_it_is_a_table()
    {
        var (pid, socket) = (_test.File("pid"), _test.File("status.sock"));
        var master = await _test.StartReady("--pid", pid, "--status-socket", socket);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
        foreach (var how in new[] { new[] { "--pid", pid }, ["--status-socket", socket], [$"{master.Pid}", "--interval", "0.1"] })
        {
            // The last one goes on until somebody ends it.
            var command = _test.Run(["status", .. how]);
            await command.LineAsync($"^starletnet .*, pid {master.Pid}, serving .*FakeWorker.dll$");
            await command.LineAsync(@"2 of 2 workers ready \[__\]; 0 died");
            await command.LineAsync(@"^ *0 +\d+ +1 +idle ");
            if (how.Contains("--interval")) await command.LineAsync("^starletnet .* serving", since: command.Lines.Count);
            else Assert.Equal(0, (await command.ExitAsync()).Code);
        }
        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.False(Path.Exists(socket));
    }

    [Theory]
    [InlineData("--watch")]
    [InlineData("-w")]
    public async Task Who_watches_sees_one_table_behind_the_other(string watch)
    {
        var master = await _test.StartReady();
        var command = _test.Run(["status", watch, "-i", "0.1", $"{master.Pid}"]);

        for (var look = 0; look < 3; look++) await command.LineAsync($"^starletnet .*, pid {master.Pid}, serving ", since: command.Lines.Count);
        // A line in between, and nothing for a terminal.
        Assert.Contains(command.Lines, line => line.Text.Length == 0);
        Assert.DoesNotContain('\u001b', command.OutputText);
    }

    [Fact]
    public async Task On_a_terminal_each_table_takes_the_place_of_the_former()
    {
        var master = await _test.StartReady();
        var terminal = _test.Keep(ProgramUnderTest.Start("script", ["-qfc", $"'{_test.Executable}' status -w -i 0.1 {master.Pid}", "/dev/null"]));

        // The screen is emptied once; then each look begins at its top and rubs out what is left of the former line by line.
        await terminal.LineAsync($"^\u001b\\[2J\u001b\\[Hstarletnet .*, pid {master.Pid}, serving .*\u001b\\[K\r?$");
        for (var look = 0; look < 2; look++) await terminal.LineAsync($"^\u001b\\[J\u001b\\[Hstarletnet .*, pid {master.Pid}, serving ", since: terminal.Lines.Count);
        // Its end is that of the terminal.
        terminal.Send(UnixSignal.Term);
        await terminal.ExitAsync();
    }

    [Fact]
    public async Task Where_nobody_is_the_code_is_3_and_bad_words_are_2()
    {
        var socket = _test.File("nobody.sock");
        var absent = await StatusAsync("--status-socket", socket);
        Assert.Equal((3, $"starletnet: no starletnet answers at {socket}: No such file or directory"), (absent.Code, absent.Error));
        var gone = await StatusAsync("--pid", _test.File("pid"));
        Assert.Equal((3, $"starletnet: no starletnet is there: {_test.File("pid")} does not exist"), (gone.Code, gone.Error));
        var dead = await StatusAsync("4194303");
        Assert.Equal((3, "starletnet: no starletnet with pid 4194303 is there"), (dead.Code, dead.Error));
        foreach (var (words, message) in new[]
        {
            (new[] { "x" }, "'x' is not a pid; write starletnet status [PID] [options]"),
            (["--jsn"], "unknown option --jsn; did you mean --json?"),
            (["--interval", "0"], "option --interval: '0' is not a time of at least 0.1 s"),
            (["1", "--status-socket", "x"], "there are a pid and a socket; give one of them"),
        })
        {
            var bad = await StatusAsync(words);
            Assert.Equal((2, $"starletnet: {message}"), (bad.Code, bad.Error));
        }
    }

    [Fact]
    public async Task A_stranger_with_the_masters_name_is_not_believed()
    {
        // This process plays the stranger, who has taken the name of a pid that is not its own.
        using var stranger = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stranger.Bind(new UnixDomainSocketEndPoint("\0starletnet/4194302"));
        stranger.Listen();

        var (code, _, error) = await StatusAsync("4194302");

        Assert.Equal(1, code);
        Assert.StartsWith($"starletnet: @starletnet/4194302 belongs to process {Environment.ProcessId} of user ", error);
    }

    [Fact]
    public async Task Another_user_is_refused()
    {
        Assert.SkipUnless(LibC.geteuid() == 0, "only root may become somebody else");
        var master = await _test.StartReady();
        // The directories of the program are closed to others; this one connects by itself.
        var script = "use Socket; $SIG{PIPE} = q(IGNORE); $< = $> = 65534; socket(S, AF_UNIX, SOCK_STREAM, 0) or die; connect(S, pack('S a*', AF_UNIX, \"\\0starletnet/$ARGV[0]\")) or die \"connect: $!\"; "
            + "syswrite(S, \"status\\n\"); print <S>";
        using var perl = ProgramUnderTest.Start("perl", ["-e", script, $"{master.Pid}"]);
        Assert.Equal(0, (await perl.ExitAsync()).Code);

        Assert.Equal("{\"error\":\"only the user that starletnet runs as, and root, may ask\"}", perl.OutputText);
    }

    [Fact]
    public async Task Without_a_status_socket_nobody_can_ask()
    {
        var master = await _test.StartReady("--status-socket", "none");

        Assert.Equal(3, (await StatusAsync($"{master.Pid}")).Code);
    }

    [Fact]
    public async Task A_status_socket_that_cannot_be_had_ends_the_start()
    {
        var master = _test.Start("--status-socket", _test.File("nowhere/status.sock"));

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains($"cannot open the status socket {_test.File("nowhere/status.sock")}: No such file or directory; the directory does not exist", master.ErrorText);
    }

    [Theory]
    [InlineData("")]
    [InlineData("keep")]
    public async Task Under_a_superdaemon_the_new_generation_takes_the_names_over_when_it_serves_and_not_before(string orphans)
    {
        var (status, metrics, pid) = (_test.File("status.sock"), _test.File("metrics.sock"), _test.File("pid"));
        string[] options = ["--status-socket", status, "--metrics", $"unix:{metrics}", "--pid", pid];
        var superdaemon = new ProgramOptions { Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = "", ["START_SERVER_ORPHANS"] = orphans } };
        var arguments = (string[])["-l", "127.0.0.1:0", "-w", "1", "--err-respawn-interval", "0.02", .. options, _test.Application, _test.Behaviour];
        var first = _test.Run(arguments, superdaemon);
        await first.LineAsync("serving");

        _test.Behave("crash");
        var broken = _test.Run(arguments, superdaemon);
        Assert.Equal(1, (await broken.ExitAsync()).Code);
        Assert.Contains("giving up: 3 workers in a row failed to start", broken.ErrorText);
        Assert.Contains($"\"pid\":{first.Pid},", (await StatusAsync("--json", "--status-socket", status)).Output);
        Assert.Equal($"{first.Pid}\n", LockedFile.ReadAllText(pid));

        _test.Behave("");
        var second = _test.Run(arguments, superdaemon);
        await second.LineAsync("metrics on");
        Assert.Contains($"\"pid\":{second.Pid},", (await StatusAsync("--json", "--status-socket", status)).Output);
        // The old one's end takes nothing from the new one.
        Assert.Equal(0, (await first.StopAsync()).Code);
        Assert.Contains($"\"pid\":{second.Pid},", (await StatusAsync("--json", "--status-socket", status)).Output);
        Assert.True(Path.Exists(metrics));
        Assert.Equal($"{second.Pid}\n", LockedFile.ReadAllText(pid));
        Assert.Equal(0, (await second.StopAsync()).Code);
        await second.NothingLeftAsync(status, metrics, pid);
    }

    /// <summary>However it leaves: its successor has the same address.</summary>
    [Theory]
    [InlineData(UnixSignal.Usr1)]
    [InlineData(UnixSignal.Term)]
    public async Task Under_a_superdaemon_metrics_are_not_answered_any_more_by_a_generation_that_leaves(UnixSignal signal)
    {
        // It would be gone too soon.
        _test.Behave("stubborn");
        var superdaemon = new ProgramOptions { Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = "" } };
        var master = _test.Run(["-l", "127.0.0.1:0", "-w", "2", "--spawn-interval", "0.5", "--metrics", "127.0.0.1:0", _test.Application, _test.Behaviour], superdaemon);
        var endPoint = IPEndPoint.Parse((await master.LineAsync(@"metrics on 127.0.0.1:\d+")).Text.Split(' ')[^1]);
        foreach (var slot in new[] { 0, 1 }) await master.LineAsync($"worker {slot} .* is ready");
        Connect(endPoint).Dispose();

        master.Send(signal);

        await master.LineAsync(signal == UnixSignal.Usr1 ? @"stopping in stages \(signal USR1\)" : @"stopping gracefully \(signal TERM\)");
        await Eventually.TrueAsync(() => IsRefused(endPoint), "nobody is at the address", master.Describe);
        Assert.Contains(master.Family, process => process.Parent == master.Pid);
    }

    private static bool IsRefused(EndPoint endPoint)
    {
        try
        {
            Connect(endPoint).Dispose();
            return false;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return true;
        }
    }

    [Fact]
    public async Task Metrics_are_answered_to_prometheus_and_to_nobody_else()
    {
        var master = await _test.StartReady("--metrics", "127.0.0.1:0");
        var line = await master.LineAsync(@"metrics on 127.0.0.1:\d+");
        var endPoint = IPEndPoint.Parse(Regex.Match(line.Text, @"127.0.0.1:\d+").Value);
        await MasterUnderTest.AskAsync(master);

        using var client = new HttpClient();
        using var answer = await client.GetAsync($"http://{endPoint}/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        var metrics = PrometheusText.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(1, metrics.Samples["starletnet_requests_total"]);
        Assert.Equal(2, metrics.Samples["starletnet_workers{state=\"idle\"}"]);
        Assert.Equal(2, metrics.Samples.Count(sample => sample.Key.StartsWith("starletnet_worker_memory_bytes", StringComparison.Ordinal) && sample.Value > 1 << 20));

        Assert.StartsWith("HTTP/1.1 404 ", Send(endPoint, "GET / HTTP/1.1\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 405 ", Send(endPoint, "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"));
        Assert.StartsWith("HTTP/1.1 400 ", Send(endPoint, "\u0016\u0003\u0001\n\n"));
        Assert.StartsWith("HTTP/1.1 431 ", Send(endPoint, "GET /metrics HTTP/1.1\r\nX: " + new string('x', 5000)));
    }

    [Fact]
    public async Task Clients_that_say_nothing_keep_out_no_other_and_the_service_goes_on()
    {
        var master = await _test.StartReady("--metrics", $"unix:{_test.File("m.sock")}");
        var endPoint = new UnixDomainSocketEndPoint(_test.File("m.sock"));
        var silent = Enumerable.Range(0, 17).Select(_ => Connect(endPoint)).ToArray();

        Assert.StartsWith("HTTP/1.1 200 ", Send(endPoint, "GET /metrics HTTP/1.1\r\n\r\n"));
        Assert.StartsWith("fake ", await MasterUnderTest.AskAsync(master));
        // The one that has waited for the longest time had to make room.
        Assert.StartsWith("HTTP/1.1 503 ", Rest(silent[0]));
        foreach (var socket in silent) socket.Dispose();
    }

    private static Socket Connect(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)Deadlines.Event.TotalMilliseconds };
        socket.Connect(endPoint);
        return socket;
    }

    private static string Send(EndPoint endPoint, string text)
    {
        using var socket = Connect(endPoint);
        try
        {
            socket.Send(Encoding.Latin1.GetBytes(text));
        }
        catch (SocketException)
        {
            // Sent away before it could ask: there is an answer all the same.
        }
        return Rest(socket);
    }

    private static string Rest(Socket socket)
    {
        var (buffer, answer) = (new byte[65536], new StringBuilder());
        while (socket.Receive(buffer) is > 0 and var count) answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
        return answer.ToString();
    }
}
