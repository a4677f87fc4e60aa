using StarletNet.StartServer.Tests.Processes;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Control;

/// <summary><c>--stop</c> and <c>--restart</c> with pid file and status file alone.</summary>
public sealed class FileCommandTests
{
    /// <summary>Serves; a generation above 1 fails until there is a file.</summary>
    private static string[] FailsUntil(string gate) => Children.Perl("exit 1 if $ENV{SERVER_STARTER_GENERATION} > 1 && !-e $ARGV[0]; tell_supervisor('READY=1'); up(); sleep 60 while 1;", gate);

    private static readonly string[] Stubborn = Children.Perl("$SIG{TERM} = 'IGNORE'; up(); sleep 60 while 1;");

    private static ProgramUnderTest Command(Superdaemon superdaemon, params string[] words) =>
        ProgramUnderTest.Start(Superdaemon.Executable, [.. words, "--pid-file", superdaemon.PidFile, "--status-file", superdaemon.StatusFile]);

    private static async Task<string> EndsAsync(ProgramUnderTest command, int exitCode)
    {
        Assert.Equal(new ProgramExit(exitCode, null), await command.ExitAsync());
        Assert.Equal("", command.OutputText);
        return command.ErrorText;
    }

    [Fact]
    public async Task Stop_returns_when_everything_is_gone()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--path", "DIR/sock"], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        using var stop = Command(superdaemon, "--stop", "--timeout", "60");
        Assert.Equal($"stop_server (pid:{stop.Pid}) stopping now (pid:{superdaemon.Program.Pid})...", await EndsAsync(stop, 0));
        Assert.Empty(Directory.GetFiles(superdaemon.Scratch.Path));
        Assert.Equal(new ProgramExit(0, null), await superdaemon.Program.ExitAsync());
        await superdaemon.Program.LineAsync("^received TERM");
    }

    [Fact]
    public async Task Stop_waits_no_longer_than_it_may()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Stubborn);
        await superdaemon.Program.LineAsync("^up 1 ");
        using var stop = Command(superdaemon, "--stop", "--timeout", "1");
        Assert.EndsWith($"\nstart_server (pid {superdaemon.Program.Pid}) has not ended within 1 secs; it goes on stopping", await EndsAsync(stop, 11), StringComparison.Ordinal);
        await superdaemon.Program.LineAsync("^received TERM");
    }

    [Theory]
    [InlineData("--stop")]
    [InlineData("--restart")]
    public async Task A_stranger_whose_pid_stands_in_a_stale_file_is_left_alone(string command)
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Serve);
        using var stranger = ProgramUnderTest.Start("sleep", ["1000"]);
        await superdaemon.Program.StopAsync();
        superdaemon.Scratch.Write("pid", $"{stranger.Pid}\n");
        superdaemon.Scratch.Write("status", "1:2\n");
        using var client = Command(superdaemon, command);
        Assert.Equal(
            $"pid file {superdaemon.PidFile} is not locked: no start_server is running, and process {stranger.Pid} may be a stranger; remove the file",
            await EndsAsync(client, 3));
        Assert.Single(stranger.Family);
    }

    [Theory]
    [InlineData("--stop", null, 2, "failed to open file:PID: No such file or directory")]
    [InlineData("--stop", "", 255, "no pid in file:PID")]
    [InlineData("--restart", null, 2, "failed to open file:PID: No such file or directory")]
    public async Task Without_a_pid_nothing_is_sent(string command, string? content, int exitCode, string message)
    {
        using var scratch = new ScratchDirectory();
        if (content is not null) scratch.Write("pid", content);
        using var client = ProgramUnderTest.Start(Superdaemon.Executable, [command, "--pid-file", scratch.File("pid"), "--status-file", scratch.File("status")]);
        Assert.Equal(message.Replace("PID", scratch.File("pid"), StringComparison.Ordinal), await EndsAsync(client, exitCode));
    }

    [Fact]
    public async Task Restart_says_nothing_and_returns_when_the_old_generation_has_ended()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        using var restart = Command(superdaemon, "--restart");
        Assert.Equal("", await EndsAsync(restart, 0));
        Assert.Matches("^2:[0-9]+\n$", superdaemon.Status);
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_failed_attempt_is_told_at_once_and_not_repeated()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--ready=notify"], FailsUntil("/nonexistent"));
        var first = await superdaemon.StatusAsync("1:P");
        using var restart = Command(superdaemon, "--restart");
        Assert.Equal("not deployed: generation 2 exited with status 1", await EndsAsync(restart, 10));
        Assert.Equal(first, await superdaemon.StatusAsync("1:P"));
        await superdaemon.StopsCleanlyAsync();
        Assert.DoesNotContain("next attempt", superdaemon.Program.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_whose_old_generation_does_not_end_in_time_says_so()
    {
        using var superdaemon = await Superdaemon.ServingAsync([], Stubborn);
        await superdaemon.Program.LineAsync("^up 1 ");
        using var restart = Command(superdaemon, "--restart", "--timeout=1");
        Assert.Equal("not done within 1 secs; what was begun goes on", await EndsAsync(restart, 11));
    }

    [Fact]
    public async Task Restart_hears_that_the_server_stops()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--ready=notify"], Children.Perl("tell_supervisor('READY=1') if $ENV{SERVER_STARTER_GENERATION} == 1; up(); sleep 60 while 1;"));
        using var restart = Command(superdaemon, "--restart");
        await superdaemon.Program.LineAsync("^up 2 ");
        using var second = Command(superdaemon, "--restart");
        Assert.StartsWith("not deployed: another deploy is under way (generation 2 is starting)", await EndsAsync(second, 12), StringComparison.Ordinal);
        await superdaemon.StopsCleanlyAsync();
        Assert.Equal("not deployed: start_server is stopping", await EndsAsync(restart, 3));
    }

    [Fact]
    public async Task Restart_needs_a_generation_to_replace()
    {
        using var superdaemon = Superdaemon.Start(["--interval=3600"], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        superdaemon.Scratch.Write("status", "");
        using var restart = Command(superdaemon, "--restart");
        Assert.Equal("no active process found in the status file", await EndsAsync(restart, 255));
        File.Delete(superdaemon.StatusFile);
        await superdaemon.StopsCleanlyAsync();
    }
}
