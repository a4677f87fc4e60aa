using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>What a generation finds around it, and what the daemon's own surroundings hear from it.</summary>
public sealed class SurroundingsTests
{
    [Fact]
    public async Task The_contracts_variables_are_set_and_the_outer_ones_do_not_leak()
    {
        var outer = new Dictionary<string, string>
        {
            ["SERVER_STARTER_PORT"] = "80=3",
            ["SERVER_STARTER_GENERATION"] = "77",
            ["LISTEN_FDS"] = "1",
            ["LISTEN_PID"] = "1",
            ["LISTEN_FDNAMES"] = "x",
            ["NOTIFY_SOCKET"] = "@nobody-listens-here",
            ["WATCHDOG_USEC"] = "1",
            ["MINE"] = "kept",
        };
        using var superdaemon = await Superdaemon.ServingAsync(["--kill-old-delay", "0"], Children.Perl(
            """
            print "$_=[", $ENV{$_} // 'unset', "]\n" for qw(SERVER_STARTER_PORT SERVER_STARTER_GENERATION KILL_OLD_DELAY LISTEN_FDS LISTEN_PID LISTEN_FDNAMES NOTIFY_SOCKET WATCHDOG_USEC MINE);
            up(); sleep 60 while 1;
            """), outer);
        await superdaemon.Program.LineAsync("^up 1 ");
        foreach (var line in new[] { "SERVER_STARTER_PORT=[]", "SERVER_STARTER_GENERATION=[1]", "KILL_OLD_DELAY=[0]", "LISTEN_FDS=[unset]", "LISTEN_PID=[unset]", "LISTEN_FDNAMES=[unset]", "WATCHDOG_USEC=[unset]", "MINE=[kept]" })
            await superdaemon.Program.LineAsync(found => found.Text == line, line);
        Assert.StartsWith("NOTIFY_SOCKET=[@starletnet/", (await superdaemon.Program.LineAsync("^NOTIFY_SOCKET=")).Text, StringComparison.Ordinal);
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task No_signal_is_ignored_or_blocked()
    {
        using var superdaemon = Superdaemon.Start(["--interval", "3600"], ["grep", "^Sig", "/proc/self/status"]);
        await superdaemon.Program.LineAsync("^SigBlk:\t0+$");
        var ignored = Convert.ToUInt64((await superdaemon.Program.LineAsync("^SigIgn:")).Text[8..], 16);
        // SIGPIPE above all, which our own runtime ignores. 32 and 33 are glibc's own.
        Assert.Equal(0UL, ignored & ~(3UL << 31));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task The_process_group_and_session_are_ours()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Serve);
        var process = ProcessEntry.Read((await superdaemon.StatusAsync("1:P"))[0])!;
        Assert.Equal((superdaemon.Program.Pid, superdaemon.Program.Pid), (process.Group, process.Session));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Only_the_advertised_descriptors_are_handed_over()
    {
        using var superdaemon = await Superdaemon.ServingAsync(
            ["--port", "127.0.0.1:0=200", "--path", "DIR/sock", "--log-file", "DIR/log"], Children.Perl("up(); sleep 60 while 1;"));
        var pid = (await superdaemon.StatusAsync("1:P"))[0];
        await Eventually.TrueAsync(() => File.ReadAllText(superdaemon.Scratch.File("log")).Contains("up 1", StringComparison.Ordinal), "the generation runs");
        var links = new DirectoryInfo($"/proc/{pid}/fd").GetFiles().ToDictionary(fd => int.Parse(fd.Name), fd => fd.LinkTarget ?? "");
        Assert.Equal((superdaemon.Scratch.File("log"), superdaemon.Scratch.File("log")), (links[1], links[2]));
        Assert.StartsWith("socket:", links[200], StringComparison.Ordinal);
        Assert.Equal(2, links.Count(link => link.Value.StartsWith("socket:", StringComparison.Ordinal)));
        // Neither pid file, nor log under its own number, nor any of our event descriptors; but what the test's own caller left open.
        Assert.All(links.Where(link => link.Key > 2 && LibC.fcntl(link.Key, LibC.F_GETFD, 0) != 0), link => Assert.StartsWith("socket:", link.Value, StringComparison.Ordinal));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task The_program_is_looked_up_in_dir_and_the_files_stay_where_we_started()
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch.File("app"));
        scratch.Write("app/run", "#!/bin/sh\npwd\nexec sleep 600\n", executable: true);
        using var superdaemon = Superdaemon.Start(["--dir", "app", "--path", "sock", "--log-file", "log"], ["./run"], scratch);
        await superdaemon.StatusAsync("1:P");
        Assert.True(File.Exists(scratch.File("sock")));
        await Eventually.TrueAsync(() => File.ReadAllText(scratch.File("log")).Contains(scratch.File("app") + "\n", StringComparison.Ordinal), "the program's directory is in the log");
        await superdaemon.StopsCleanlyAsync();
        Assert.False(File.Exists(scratch.File("sock")));
    }

    [Fact]
    public async Task The_log_file_takes_over_once_all_sockets_are_bound()
    {
        using var scratch = new ScratchDirectory();
        var log = scratch.Write("log", "earlier\n");
        using var superdaemon = Superdaemon.Start(["--log-file", log, "--port", "127.0.0.1:0=99"], Children.Serve, scratch);
        await superdaemon.StatusAsync("1:P");
        await Eventually.TrueAsync(() => File.ReadAllText(log).Contains("up 1", StringComparison.Ordinal), "the generation's output is in the log");
        await superdaemon.StopsCleanlyAsync();
        Assert.Matches(@"^start_server \(pid:\d+\) starting now\.\.\.\nsocket is duplicated to file descriptor 99\n--port [^\n]* is bound to [^\n]*$", superdaemon.Program.ErrorText);
        var text = await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken);
        Assert.Matches(@"^earlier\nstarting new worker \d+\n", text);
        Assert.EndsWith("exiting\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--log-file", "failed to open log file:DIR/no/file: No such file or directory")]
    [InlineData("--pid-file", "failed to open file:DIR/no/file: No such file or directory")]
    [InlineData("--status-file", "failed to open file:DIR/no/file: No such file or directory")]
    public async Task A_file_that_cannot_be_made_stops_the_start(string option, string message)
    {
        using var superdaemon = Superdaemon.Start([option, "DIR/no/file", "--path", "DIR/sock"], Children.Serve);
        Assert.Equal(new ProgramExit(1, null), await superdaemon.Program.ExitAsync());
        Assert.EndsWith(message.Replace("DIR", superdaemon.Scratch.Path, StringComparison.Ordinal), superdaemon.Program.ErrorText, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(superdaemon.Scratch.Path));
    }

    [Theory]
    [InlineData("--help", "^start_server - ")]
    [InlineData("--version", @"^start_server [0-9.]+ \(Server::Starter 0\.35 compatible\)$")]
    public async Task Help_and_version_go_to_stdout(string option, string pattern)
    {
        using var program = ProgramUnderTest.Start(Superdaemon.Executable, [option]);
        Assert.Equal(new ProgramExit(0, null), await program.ExitAsync());
        Assert.Matches(pattern, program.OutputText);
        Assert.Equal("", program.ErrorText);
    }

    /// <summary>One thread that does not block them would take the default action, which is the end of the superdaemon.</summary>
    [Fact]
    public async Task Every_thread_leaves_the_signals_to_the_queue()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Serve);
        var wanted = new[] { Signal.Hup, Signal.Int, Signal.Quit, Signal.Usr1, Signal.Usr2, Signal.Alrm, Signal.Term, Signal.Chld }
            .Aggregate(0UL, (set, signal) => set | (1UL << (signal.Number - 1)));
        foreach (var thread in Directory.EnumerateDirectories($"/proc/{superdaemon.Program.Pid}/task"))
        {
            var blocked = File.ReadLines($"{thread}/status").Single(line => line.StartsWith("SigBlk:", StringComparison.Ordinal));
            Assert.Equal(wanted, Convert.ToUInt64(blocked[8..], 16) & wanted);
        }
        await superdaemon.StopsCleanlyAsync();
    }
}
