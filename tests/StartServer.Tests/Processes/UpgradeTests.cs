using System.Diagnostics;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>USR2: start_server becomes the program at its path, and nobody else notices.</summary>
public sealed class UpgradeTests
{
    [Fact]
    public async Task Everything_goes_on_as_it_was()
    {
        using var service = new Upgradable(["--path", "DIR/sock", "--port", "127.0.0.1:0"], Children.Answer);
        var first = await service.Daemon.StatusAsync("1:P");
        for (var round = 0; round < 2; round++) await service.UpgradeAsync();
        Assert.Equal(first, await service.Daemon.StatusAsync("1:P"));
        Assert.Equal($"{service.Program.Pid}\n", service.Daemon.PidFileText);
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(service.File("sock")));
        // The lock has never been let go.
        var pidFile = LibC.open(service.Daemon.PidFile, LibC.O_RDWR | LibC.O_CLOEXEC, 0);
        Assert.Equal(-1, LibC.flock(pidFile, LibC.LOCK_EX | LibC.LOCK_NB));
        LibC.close(pidFile);

        service.Program.Send(UnixSignal.Hup);
        await service.Daemon.StatusAsync("2:P");
        await service.Program.LineAsync($"^old worker {first[0]} died, status:0$");
        Assert.Equal("generation 2\n", await Clients.ReadUnixAsync(service.File("sock")));
        await service.Daemon.StopsCleanlyAsync();
        Assert.False(System.IO.File.Exists(service.File("sock")));
    }

    /// <summary>Nothing of the old program is left in the new one: descriptors, variables, arguments.</summary>
    [Fact]
    public async Task Nothing_piles_up()
    {
        using var service = new Upgradable(["--port", "127.0.0.1:0"], Children.Perl("print map { \"$_=$ENV{$_}\\n\" } grep { /^START_SERVER/ && !/READY_TIMEOUT/ } keys %ENV; up(); sleep 60 while 1;"));
        var first = await service.Daemon.StatusAsync("1:P");
        await service.Program.LineAsync("^up 1 ");
        var inherited = Descriptors(first[0]);
        await service.UpgradeAsync();
        var before = Facts(service.Program.Pid);
        await service.UpgradeAsync();
        Assert.Equal(before, Facts(service.Program.Pid));
        service.Program.Send(UnixSignal.Hup);
        var second = await service.Daemon.StatusAsync("2:P");
        await service.Program.LineAsync("^up 2 ");
        // What was kept open for the exec is closed to children again.
        Assert.Equal(inherited, Descriptors(second[0]));
        Assert.DoesNotContain("START_SERVER", service.Program.OutputText, StringComparison.Ordinal);
        await service.Daemon.StopsCleanlyAsync();
    }

    private static string[] Descriptors(int pid) =>
        [.. Directory.GetFileSystemEntries($"/proc/{pid}/fd").Select(file => System.IO.Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static (int Descriptors, string CommandLine) Facts(int pid) =>
        // What the portable runtime has open of its own, it opens when it needs it.
        (Directory.GetFileSystemEntries($"/proc/{pid}/fd").Count(file => new FileInfo(file).LinkTarget?.EndsWith(".dll", StringComparison.Ordinal) != true), File.ReadAllText($"/proc/{pid}/cmdline"));

    [Theory]
    [InlineData("/bin/false", "its trial run ended with exit code 1")]
    [InlineData("/bin/true", "its trial run did not say that it can take over")]
    [InlineData("/bin/cat", "its trial run ended with exit code 1: Try 'start_server --help' for more information.")]
    [InlineData("DIR/text", "it is not an executable program for this machine")]
    [InlineData("DIR/missing", "No such file or directory")]
    public async Task A_program_that_cannot_take_over_is_refused_and_nothing_changes(string executable, string reason)
    {
        using var service = new Upgradable(["--path", "DIR/sock"], Children.Answer);
        service.Write("text", "#!/bin/sh\necho can take over\n");
        var first = await service.Daemon.StatusAsync("1:P");
        service.Install(executable.Replace("DIR", System.IO.Path.GetDirectoryName(service.Path)));
        service.Program.Send(UnixSignal.Usr2);
        var refused = await service.Program.LineAsync("^upgrade refused, this version goes on:");
        Assert.Matches($"^upgrade refused, this version goes on: {service.Path}: {System.Text.RegularExpressions.Regex.Escape(reason).Replace("start_server", ".*")}$", refused.Text);
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(service.File("sock")));
        service.Install(Superdaemon.Executable);
        await service.UpgradeAsync();
        Assert.Equal(first, await service.Daemon.StatusAsync("1:P"));
        await service.Daemon.StopsCleanlyAsync();
    }

    /// <summary>After the exec there would be nobody to come back to.</summary>
    [Fact]
    public async Task A_program_that_says_that_it_can_take_over_and_does_not_answer_is_refused()
    {
        using var service = new Upgradable(["--path", "DIR/sock"], Children.Answer, new Dictionary<string, string> { ["CLAIMS"] = "can take over" });
        var first = await service.Daemon.StatusAsync("1:P");
        service.Install(System.IO.Path.Combine(AppContext.BaseDirectory, "StarletNet.TestChild"));
        service.Program.Send(UnixSignal.Usr2);
        await service.Program.LineAsync("^upgrade refused, this version goes on: .*: it says that it can take over, but its trial run did not answer on a control socket$");
        Assert.Equal("generation 1\n", await Clients.ReadUnixAsync(service.File("sock")));
        service.Install(Superdaemon.Executable);
        await service.UpgradeAsync();
        Assert.Equal(first, await service.Daemon.StatusAsync("1:P"));
        await service.Daemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Signals_that_come_meanwhile_are_not_lost()
    {
        using var service = new Upgradable([], Children.Serve);
        await service.Daemon.StatusAsync("1:P");
        for (var generation = 2; generation <= 5; generation++)
        {
            var mark = service.Program.Mark;
            service.Program.Send(UnixSignal.Usr2);
            // From the first moments of the trial run to after the exec.
            await Task.Delay((generation - 2) * 80, TestContext.Current.CancellationToken);
            service.Program.Send(UnixSignal.Hup);
            await service.Daemon.StatusAsync($"{generation}:P");
            await service.Program.LineAsync(Upgradable.TakenOver, mark);
        }
        service.Program.Send(UnixSignal.Usr2);
        Assert.Equal(new ProgramExit(0, null), await service.Program.StopAsync());
        await service.Daemon.NothingLeftAsync();
    }

    [Fact]
    public async Task An_upgrade_waits_for_the_verdict_on_a_candidate()
    {
        var child = Children.Perl("wait_for(\"DIR/ready $ENV{SERVER_STARTER_GENERATION}\"); tell_supervisor('READY=1'); up(); sleep 60 while 1;");
        using var service = new Upgradable(["--ready=notify"], child);
        service.Write("ready 1", "");
        var first = await service.Daemon.StatusAsync("1:P");
        service.Program.Send(UnixSignal.Hup);
        await service.Program.LineAsync("^received HUP");
        service.Program.Send(UnixSignal.Usr2);
        await service.Program.LineAsync("^the upgrade waits until it is decided whether the new worker starts$");
        service.Write("ready 2", "");
        await service.Program.LineAsync(Upgradable.TakenOver);
        var second = await service.Daemon.StatusAsync("2:P");
        Assert.NotEqual(first, second);
        await service.Daemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_kill_old_delay_and_a_draining_generation_are_taken_over()
    {
        var slow = Children.Perl("$SIG{TERM} = sub { print \"bye $ENV{SERVER_STARTER_GENERATION}\\n\"; wait_for('DIR/gate'); exit 3 }; up(); sleep 60 while 1;");
        using var service = new Upgradable(["--kill-old-delay", "2"], slow);
        await service.Daemon.StatusAsync("1:P");
        var clock = Stopwatch.StartNew();
        service.Program.Send(UnixSignal.Hup);
        await service.Program.LineAsync("^sleeping 2 secs before killing old workers$");
        await service.UpgradeAsync();
        await service.Program.LineAsync("^bye 1$");
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(2), Deadlines.Event);
        var both = await service.Daemon.StatusAsync("1:P", "2:P");
        await service.UpgradeAsync();
        service.Write("gate", "");
        await service.Program.LineAsync($"^old worker {both[0]} died, status:768$");
        await service.Daemon.StatusAsync("2:P");
        await service.Daemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_pause_between_failing_attempts_is_taken_over()
    {
        var child = Children.Perl("exit 1 if $ENV{SERVER_STARTER_GENERATION} > 1 && !-e 'DIR/good'; up(); sleep 60 while 1;");
        using var service = new Upgradable(["--interval", "1"], child);
        var first = await service.Daemon.StatusAsync("1:P");
        service.Program.Send(UnixSignal.Hup);
        await service.Program.LineAsync("^next attempt in");
        await service.UpgradeAsync();
        Assert.Equal(first, await service.Daemon.StatusAsync("1:P"));
        service.Write("good", "");
        await Eventually.TrueAsync(() => service.Daemon.Status.Split('\n') is [var only, ""] && !only.StartsWith("1:", StringComparison.Ordinal), "a later generation serves alone", () => service.Daemon.Status);
        await service.Daemon.StopsCleanlyAsync();
    }

    /// <summary>What would stop a start is no reason to stop a service.</summary>
    [Fact]
    public async Task A_status_file_that_cannot_be_written_any_more_does_not_end_it()
    {
        using var scratch = new ScratchDirectory();
        Directory.CreateDirectory(scratch.File("gone"));
        using var superdaemon = Superdaemon.Start(["--status-file", "DIR/gone/status"], Children.Serve, scratch);
        await Eventually.TrueAsync(() => System.IO.File.Exists(scratch.File("gone/status")), "it serves", superdaemon.Program.Describe);
        Directory.Delete(scratch.File("gone"), recursive: true);
        superdaemon.Program.Send(UnixSignal.Usr2);
        await superdaemon.Program.LineAsync(Upgradable.TakenOver);
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.Program.LineAsync("^failed to write status file:.*: No such file or directory$");
        await superdaemon.Program.LineAsync("^old worker [0-9]+ died");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_log_file_is_written_on()
    {
        using var service = new Upgradable(["--log-file", "DIR/log"], Children.Serve);
        await service.Daemon.StatusAsync("1:P");
        service.Program.Send(UnixSignal.Usr2);
        await LoggedAsync(service, "has taken over from");
        System.IO.File.Move(service.File("log"), service.File("log.1"));
        service.Program.Send(UnixSignal.Usr1);
        await LoggedAsync(service, "log file reopened");
        await service.Daemon.StopsCleanlyAsync();
        Assert.EndsWith("exiting\n", System.IO.File.ReadAllText(service.File("log")));
    }

    [Fact]
    public async Task A_logger_is_kept_and_still_looked_after()
    {
        using var service = new Upgradable(["--log-file", "| exec cat >> DIR/log"], Children.Serve);
        await service.Daemon.StatusAsync("1:P");
        await LoggedAsync(service, "up 1");
        var logger = Logger(service);
        service.Program.Send(UnixSignal.Usr2);
        await LoggedAsync(service, "has taken over from");
        Assert.Equal(logger.Pid, Logger(service).Pid);
        logger.Send(UnixSignal.Kill);
        await LoggedAsync(service, $"logger {logger.Pid} died");
        service.Program.Send(UnixSignal.Usr2);
        await Eventually.TrueAsync(() => Log(service).Split("has taken over from").Length == 3, "taken over twice", () => Log(service));
        await service.Daemon.StopsCleanlyAsync();
        Assert.EndsWith("exiting\n", Log(service));
    }

    private static ProcessEntry Logger(Upgradable service) =>
        service.Program.Family.Single(process => process.Parent == service.Program.Pid && process.Command.StartsWith("cat", StringComparison.Ordinal));

    private static string Log(Upgradable service) => System.IO.File.Exists(service.File("log")) ? System.IO.File.ReadAllText(service.File("log")) : "";

    private static Task LoggedAsync(Upgradable service, string text) =>
        Eventually.TrueAsync(() => Log(service).Contains(text, StringComparison.Ordinal), $"'{text}' in the log", () => Log(service));
}
