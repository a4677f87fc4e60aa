using System.Net.Sockets;
using System.Text.Json;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>What must not end the master, and what it must leave alone.</summary>
public sealed class GuardTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private ProgramUnderTest Start(IReadOnlyDictionary<string, string> environment, params string[] options) => _test.Run(
        ["-l", "127.0.0.1:0", "-w", "2", "--err-respawn-interval", "0.02", .. options, _test.Application, _test.Behaviour], new ProgramOptions { Environment = environment });

    private static string[] FilesOf(string directory, int pid) => [.. Directory.GetFileSystemEntries(directory).Select(path => Path.GetFileName(path)!).Where(name => name.Contains($"-{pid}-", StringComparison.Ordinal)).Order()];

    private static int[] Workers(ProgramUnderTest master) => [.. master.Family.Where(process => process.Parent == master.Pid).Select(process => process.Pid)];

    [Fact]
    public async Task What_a_killed_worker_leaves_for_diagnostics_is_removed_and_at_a_start_what_an_earlier_master_left()
    {
        var temporary = Directory.CreateDirectory(_test.File("tmp")).FullName;
        var environment = new Dictionary<string, string> { ["TMPDIR"] = temporary };
        _test.Behave("stubborn");
        var first = Start(environment);
        await first.LineAsync("serving .* with 2 workers");
        var killed = Workers(first)[0];
        Assert.Equal(3, FilesOf(temporary, killed).Length);

        Kill(killed);

        await first.LineAsync($"worker . \\(pid {killed}\\) died");
        await Eventually.TrueAsync(() => FilesOf(temporary, killed).Length == 0, "nothing of it is left", first.Describe);
        await Eventually.TrueAsync(() => Workers(first) is { Length: 2 } now && now.All(pid => FilesOf(temporary, pid).Length == 3), "both workers have theirs", first.Describe);

        // With its master gone nobody removes what the workers leave.
        var orphans = Workers(first);
        Kill(first.Pid);
        await first.ExitAsync();
        foreach (var orphan in orphans) Kill(orphan);
        await Eventually.TrueAsync(() => orphans.All(pid => !Directory.Exists($"/proc/{pid}")), "they have ended", first.Describe);
        Assert.All(orphans, pid => Assert.Equal(3, FilesOf(temporary, pid).Length));
        // What is not of that kind: a file, and a socket at which a process listens.
        _test.Write("tmp/dotnet-diagnostic-1-1-socket", "");
        using var live = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        live.Bind(new UnixDomainSocketEndPoint(Path.Combine(temporary, "dotnet-diagnostic-2-1-socket")));
        live.Listen();

        _test.Behave("");
        var second = Start(environment);
        await second.LineAsync("serving .* with 2 workers");

        await second.LineAsync("removed 6 sockets and pipes");
        Assert.All(orphans, pid => Assert.Empty(FilesOf(temporary, pid)));
        Assert.True(File.Exists(Path.Combine(temporary, "dotnet-diagnostic-1-1-socket")));
        Assert.True(Path.Exists(Path.Combine(temporary, "dotnet-diagnostic-2-1-socket")));
        Assert.Equal(new ProgramExit(0, null), await second.StopAsync());
    }

    private static void Kill(int pid) => Assert.Equal(0, LibC.kill(pid, (int)UnixSignal.Kill));

    /// <summary>4 to 7 and 31 when a process sends them, and the real-time ones, each of which ended it.</summary>
    [Fact]
    public async Task Signals_without_meaning_are_logged_and_ignored_and_the_one_of_containers_stops()
    {
        var master = await _test.StartReady();
        var signals = new[] { 4, 5, 6, 7, 31, 35, 36, 38, 50, 64 };
        foreach (var signal in signals)
        {
            Assert.Equal(0, LibC.kill(master.Pid, signal));
            await master.LineAsync($"signal {System.Text.RegularExpressions.Regex.Escape(new Shared.Processes.Signal(signal).Name)} is ignored$");
        }
        Assert.Contains("gen=1", await MasterUnderTest.AskAsync(master), StringComparison.Ordinal);

        Assert.Equal(0, LibC.kill(master.Pid, 37));

        await master.LineAsync(@"signal RTMIN\+3 is taken as TERM$");
        await master.LineAsync("stopping gracefully");
        Assert.Equal(new ProgramExit(0, null), await master.ExitAsync());
    }

    /// <summary><c>starletnet --pid app.pdb</c> emptied and removed it.</summary>
    [Fact]
    public async Task A_pid_file_that_is_not_one_stops_the_start_and_stays()
    {
        var precious = _test.Write("app.pdb", "BSJB symbols");
        var socket = _test.File("a.sock");
        var master = _test.Run(["-l", socket, "--pid", precious, _test.Application, _test.Behaviour]);

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Equal($"starletnet: cannot write the pid file {precious}: it holds something else than a pid and is not replaced; remove it or name another file", master.ErrorText);
        Assert.Equal("BSJB symbols", await File.ReadAllTextAsync(precious, TestContext.Current.CancellationToken));
        Assert.False(Path.Exists(socket));
    }

    /// <summary>Bytes that are not UTF-8: .NET makes another name of them, and another file.</summary>
    [Theory]
    [InlineData("--pid $1/\\377 $2", "option --pid: 'DIR/\\xff' has bytes that are not UTF-8, which option values must be")]
    [InlineData("--access-log=$1/a\\377b $2", "option --access-log: '--access-log=DIR/a\\xffb' has bytes that are not UTF-8, which option values must be")]
    [InlineData("-a $1/\\377.dll", "option -a: 'DIR/\\xff.dll' has bytes that are not UTF-8, which option values must be")]
    [InlineData("$1/\\377.dll", "the application's name 'DIR/\\xff.dll' has bytes that are not UTF-8; give it a name in UTF-8")]
    public async Task A_value_that_is_not_utf8_is_refused(string words, string message)
    {
        var directory = Directory.CreateDirectory(_test.File("d")).FullName;
        var master = _test.Keep(ProgramUnderTest.Start("sh", ["-c", $"exec \"$0\" -l $1/sock $(printf -- \"{words}\")", _test.Executable, directory, _test.Application]));

        Assert.Equal(2, (await master.ExitAsync()).Code);
        Assert.Equal("starletnet: " + message.Replace("DIR", directory, StringComparison.Ordinal), master.ErrorText);
        Assert.Empty(Directory.GetFileSystemEntries(directory));
    }

    [Fact]
    public async Task A_variable_and_a_line_of_a_file_that_are_not_utf8_are_refused()
    {
        var directory = Directory.CreateDirectory(_test.File("d")).FullName;
        var variable = _test.Keep(ProgramUnderTest.Start("sh", ["-c", "STARLETNET_PID=$(printf \"$1/\\377\") exec \"$0\" $2", _test.Executable, directory, _test.Application]));
        Assert.Equal(2, (await variable.ExitAsync()).Code);
        Assert.Equal($"starletnet: STARLETNET_PID: STARLETNET_PID={directory}/\\xff has bytes that are not UTF-8, which option values must be", variable.ErrorText);

        var file = _test.File("web.conf");
        await File.WriteAllBytesAsync(file, [.. "workers = 1\npid = "u8, 0xff, (byte)'\n'], TestContext.Current.CancellationToken);
        var configured = _test.Run(["--config", file, _test.Application]);
        Assert.Equal(2, (await configured.ExitAsync()).Code);
        Assert.Equal($"starletnet: {file}:2: 'pid = \\xff' has bytes that are not UTF-8", configured.ErrorText);
        Assert.Empty(Directory.GetFileSystemEntries(directory));
    }

    [Fact]
    public async Task Idle_clients_do_not_keep_the_status_from_who_asks()
    {
        var socket = _test.File("status.sock");
        var master = await _test.StartReady("--status-socket", socket);
        var idle = Enumerable.Range(0, 40).Select(_ =>
        {
            var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            client.Connect(new UnixDomainSocketEndPoint(socket));
            return client;
        }).ToArray();

        var command = _test.Run(["status", "--json", "--status-socket", socket]);

        Assert.Equal((0, ""), ((await command.ExitAsync()).Code, command.ErrorText));
        Assert.Equal(master.Pid, JsonDocument.Parse(command.OutputText).RootElement.GetProperty("pid").GetInt32());
        foreach (var client in idle) client.Dispose();
    }
}
