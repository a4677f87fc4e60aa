using System.Net;
using StarletNet.StartServer.Tests.Processes;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Control;

/// <summary><c>--daemonize</c>: what the caller is told is what has happened.</summary>
public sealed class DaemonizeTests : IDisposable
{
    private static readonly ProgramExit Success = new(0, null);

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private ProgramUnderTest Call(string[] options, string[] child) => ProgramUnderTest.Start(
        Superdaemon.Executable,
        ["--daemonize", "--interval=0", "--log-file=log", "--pid-file=pid", "--status-file=status", .. options, "--", .. child],
        new ProgramOptions { WorkingDirectory = _scratch.Path, StatusFile = _scratch.File("status") });

    private async Task StopAsync(ProgramUnderTest caller)
    {
        using var stop = ProgramUnderTest.Start(Superdaemon.Executable, ["--stop", "--timeout", "60", "--pid-file", _scratch.File("pid")]);
        Assert.Equal(Success, await stop.ExitAsync());
        await caller.NothingLeftAsync(_scratch.File("pid"), _scratch.File("status"), _scratch.File("sock"));
    }

    private string Log => File.ReadAllText(_scratch.File("log"));

    [Fact]
    public async Task The_caller_returns_when_the_first_generation_serves()
    {
        using var caller = Call(["--path=sock"], Children.Answer);
        Assert.Equal(Success, await caller.ExitAsync());
        // No waiting: everything is there.
        Assert.Matches("^1:[0-9]+\n$", File.ReadAllText(_scratch.File("status")));
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(_scratch.File("sock")));
        Assert.StartsWith("start_server (pid:", caller.ErrorText, StringComparison.Ordinal);
        Assert.Matches("^starting new worker [0-9]+\n", Log);
        await StopAsync(caller);
    }

    [Fact]
    public async Task A_daemon_upgrades_itself_and_tells_nobody_twice()
    {
        using var caller = Call(["--path=sock"], Children.Answer);
        Assert.Equal(Success, await caller.ExitAsync());
        var daemon = Assert.Single(caller.Family, process => process.Parent == 1);
        var status = File.ReadAllText(_scratch.File("status"));
        daemon.Send(UnixSignal.Usr2);
        await Eventually.TrueAsync(() => Log.Contains("has taken over from", StringComparison.Ordinal), "taken over", () => Log);
        Assert.Equal(status, File.ReadAllText(_scratch.File("status")));
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(_scratch.File("sock")));
        Assert.Equal(2, caller.Family.Count);
        await StopAsync(caller);
        Assert.EndsWith("exiting\n", Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_daemon_is_nobodys_child_leads_no_session_and_has_no_terminal()
    {
        using var caller = Call([], Children.Perl("up(); print 'stdin ', readlink('/proc/self/fd/0'), \"\\n\"; sleep 60 while 1;"));
        Assert.Equal(Success, await caller.ExitAsync());
        var daemon = Assert.Single(caller.Family, process => process.Parent == 1);
        Assert.Contains($"start_server (pid:{daemon.Pid}) starting now...", caller.ErrorText, StringComparison.Ordinal);
        Assert.NotEqual(daemon.Pid, daemon.Session);
        Assert.NotEqual(caller.Pid, daemon.Session);
        Assert.Equal("start_server", File.ReadAllText($"/proc/{daemon.Pid}/comm").TrimEnd());
        Assert.Contains("\0--daemonize\0", File.ReadAllText($"/proc/{daemon.Pid}/cmdline"), StringComparison.Ordinal);
        Assert.Equal("0", File.ReadAllText($"/proc/{daemon.Pid}/stat").Split(") ")[^1].Split(' ')[4]); // tty_nr
        await Eventually.TrueAsync(() => Log.Contains("stdin /dev/null\n", StringComparison.Ordinal), "the program's stdin is /dev/null", () => Log);
        Assert.DoesNotContain("START_SERVER_DAEMONIZE", string.Concat(caller.Family.Where(p => p.Parent == daemon.Pid).Select(p => File.ReadAllText($"/proc/{p.Pid}/environ"))), StringComparison.Ordinal);
        await StopAsync(caller);
    }

    [Fact]
    public async Task A_listener_at_descriptor_0_stays_there()
    {
        using var caller = Call(["--port=127.0.0.1:0=0", "--port=127.0.0.1:0=201"], Children.Answer);
        Assert.Equal(Success, await caller.ExitAsync());
        var port = int.Parse(caller.ErrorText.Split("--port 127.0.0.1:0=0 is bound to 127.0.0.1:")[1].Split('\n')[0]);
        Assert.Equal("generation 1\n", await Clients.ReadTcpAsync(new IPEndPoint(IPAddress.Loopback, port)));
        await StopAsync(caller);
    }

    [Fact]
    public async Task What_cannot_be_bound_is_said_on_the_callers_stderr()
    {
        using var caller = Call(["--path=missing/sock"], Children.Answer);
        Assert.Equal(new ProgramExit(1, null), await caller.ExitAsync());
        Assert.EndsWith("\nfailed to listen to file missing/sock:No such file or directory; the directory does not exist", caller.ErrorText, StringComparison.Ordinal);
        await caller.NothingLeftAsync(_scratch.File("pid"), _scratch.File("status"));
    }

    [Fact]
    public async Task A_first_generation_that_does_not_start_is_the_callers_failure_with_its_last_words()
    {
        using var caller = Call(["--path=sock", "--ready=notify"], Children.Perl("print STDERR \"no configuration\\n\"; exit 3;"));
        Assert.Equal(new ProgramExit(5, null), await caller.ExitAsync());
        Assert.Matches("(?m)^generation 1 \\(pid [0-9]+\\) did not start: exited with status 3$", caller.ErrorText);
        Assert.Matches("(?m)^  no configuration$", caller.ErrorText);
        await caller.NothingLeftAsync(_scratch.File("pid"), _scratch.File("status"), _scratch.File("sock"));
    }

    [Fact]
    public async Task More_attempts_are_made_if_they_are_allowed()
    {
        using var caller = Call(["--max-start-attempts=3", "--ready=notify"], Children.Perl("exit 3 if $ENV{SERVER_STARTER_GENERATION} == 1; tell_supervisor('READY=1'); up(); sleep 60 while 1;"));
        Assert.Equal(Success, await caller.ExitAsync());
        Assert.Matches("(?m)^generation 1 \\(pid [0-9]+\\) did not start: exited with status 3$", caller.ErrorText);
        Assert.Matches("^2:[0-9]+\n$", File.ReadAllText(_scratch.File("status")));
        await StopAsync(caller);
    }

    [Fact]
    public async Task Who_stops_waiting_leaves_no_daemon_behind()
    {
        using var caller = Call(["--interval=3600"], Children.Serve);
        await Eventually.TrueAsync(() => File.Exists(_scratch.File("log")) && Log.Contains("up 1 ", StringComparison.Ordinal), "the first generation runs");
        caller.Send(UnixSignal.Int);
        Assert.Equal(new ProgramExit(null, (int)UnixSignal.Int), await caller.ExitAsync());
        await caller.NothingLeftAsync(_scratch.File("pid"), _scratch.File("status"));
        Assert.Contains("\nthe caller of --daemonize has gone before a generation served\n", Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_that_was_stopped_before_it_served_is_a_failure()
    {
        using var caller = Call(["--interval=3600"], Children.Serve);
        await Eventually.TrueAsync(() => File.Exists(_scratch.File("log")) && Log.Contains("up 1 ", StringComparison.Ordinal), "the first generation runs");
        await StopAsync(caller);
        Assert.Equal(new ProgramExit(1, null), await caller.ExitAsync());
    }

    [Fact]
    public async Task Without_a_log_file_it_is_refused()
    {
        using var caller = ProgramUnderTest.Start(Superdaemon.Executable, ["--daemonize", "--", "true"]);
        Assert.Equal(new ProgramExit(255, null), await caller.ExitAsync());
        Assert.Equal("Usage: --log-file option must be specified together with --deamonize", caller.ErrorText);
    }
}
