using System.Text.Json;
using System.Text.RegularExpressions;
using StarletNet.StartServer.Tests.Processes;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Control;

/// <summary><c>--restart</c>, <c>--stop</c> and <c>--list</c> over the control socket.</summary>
public sealed class ControlCommandTests
{
    private static readonly string[] Options = ["--control", "DIR/control", "--interval", "0"];

    /// <summary>Reports that it serves; a generation above 1 complains and fails until there is a file.</summary>
    private static readonly string[] FailsUntilGate = Children.Perl(
        "if ($ENV{SERVER_STARTER_GENERATION} > 1 && !-e 'gate') { print STDERR \"line $_\\n\" for 1..30; exit 7 } tell_supervisor('READY=1'); up(); sleep 60 while 1;");

    private static ProgramUnderTest Command(Superdaemon superdaemon, params string[] words) =>
        ProgramUnderTest.Start(Superdaemon.Executable, [.. words, "--control", superdaemon.Scratch.File("control")]);

    private static async Task<string> EndsAsync(ProgramUnderTest command, int exitCode, string error = "")
    {
        var exit = await command.ExitAsync();
        Assert.True(exit == new ProgramExit(exitCode, null) && Regex.IsMatch(command.ErrorText, $"^{error}$"), command.Describe());
        return command.OutputText;
    }

    private static async Task<Superdaemon> ServingAsync(string[] child, params string[] options)
    {
        var superdaemon = await Superdaemon.ServingAsync([.. Options, .. options], child);
        await superdaemon.Program.LineAsync("^up 1 ");
        return superdaemon;
    }

    [Fact]
    public async Task Restart_shows_how_it_goes_and_returns_when_the_old_generation_has_ended()
    {
        using var superdaemon = await ServingAsync(Children.Serve);
        using var restart = Command(superdaemon, "--restart");
        Assert.Matches(
            """
            ^generation 2 \(pid [0-9]+\) started
            generation 2 \(pid [0-9]+\) ready after [0-9]+\.[0-9][0-9] s
            sent TERM to generation 1 \(pid [0-9]+\)
            generation 1 \(pid [0-9]+\) drained
            generation 2 serves /.*/perl, the same files as before: nothing has changed$
            """, await EndsAsync(restart, 0));
        Assert.Matches("^2:[0-9]+\n$", superdaemon.Status);
        await superdaemon.Program.LineAsync($"^restart attempts=1: asked for over the control socket by process {restart.Pid}, user [0-9]+$");
        await superdaemon.StopsCleanlyAsync();
        Assert.False(File.Exists(superdaemon.Scratch.File("control")));
    }

    [Fact]
    public async Task A_candidate_that_fails_is_tried_once_and_shown_with_its_last_lines_and_the_next_deploy_works()
    {
        using var superdaemon = await ServingAsync(FailsUntilGate, "--ready=notify");
        using var restart = Command(superdaemon, "--restart");
        var output = await EndsAsync(restart, 10, "not deployed: generation 2 exited with status 7");
        Assert.Matches("^generation 2 \\(pid [0-9]+\\) started\ngeneration 2 \\(pid [0-9]+\\) failed: exited with status 7\n", output);
        Assert.EndsWith(string.Concat(Enumerable.Range(11, 20).Select(n => $"\n  line {n}")), output, StringComparison.Ordinal);
        // All of them went on to our own stderr.
        for (var (n, mark) = (1, 0); n <= 30; n++) mark = (await superdaemon.Program.LineAsync($"^line {n}$", mark)).Index + 1;
        Assert.StartsWith("1:", superdaemon.Status, StringComparison.Ordinal);

        using var list = Command(superdaemon, "--list");
        Assert.EndsWith("\nlast failure: generation 2 exited with status 7", await EndsAsync(list, 0), StringComparison.Ordinal);
        superdaemon.Scratch.Write("gate", "");
        using var again = Command(superdaemon, "--restart");
        Assert.StartsWith("generation 3 ", await EndsAsync(again, 0), StringComparison.Ordinal);
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task As_many_attempts_are_made_as_were_asked_for()
    {
        using var superdaemon = await ServingAsync(FailsUntilGate, "--ready=notify");
        using var restart = Command(superdaemon, "--restart", "--attempts=2");
        var output = await EndsAsync(restart, 10, "not deployed: generation 3 exited with status 7");
        Assert.Matches("\ngeneration 3 \\(pid [0-9]+\\) started, attempt 2\n", output);
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Another_deploy_is_not_disturbed_and_a_client_that_waits_too_long_ends()
    {
        using var superdaemon = await ServingAsync(
            Children.Perl("tell_supervisor('READY=1') if $ENV{SERVER_STARTER_GENERATION} == 1; up(); sleep 60 while 1;"), "--ready=notify");
        using var first = Command(superdaemon, "--restart", "--timeout=2");
        await first.LineAsync("^generation 2 .* started");
        using var second = Command(superdaemon, "--restart");
        Assert.Equal("", await EndsAsync(second, 12, "not deployed: another deploy is under way \\(generation 2 is starting\\), and the --restart that asked for it still waits; start_server --abort cancels it"));
        using var list = Command(superdaemon, "--list");
        Assert.Matches("(?m)^start_server [0-9]+: starting\n\n.*\n1 .* current .*\n2 .* candidate ", await EndsAsync(list, 0));
        Assert.Matches("^generation 2 \\(pid [0-9]+\\) started$", await EndsAsync(first, 11, "not done within 2 secs; what was begun goes on"));
        Assert.StartsWith("1:", superdaemon.Status, StringComparison.Ordinal);
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_generation_that_dies_while_it_is_watched_is_rolled_back()
    {
        using var superdaemon = await ServingAsync(
            Children.Perl("up(); if ($ENV{SERVER_STARTER_GENERATION} == 2) { wait_for('gate'); print STDERR \"lost my database\\n\"; exit 4 } sleep 60 while 1;"), "--watch", "3600");
        using var restart = Command(superdaemon, "--restart");
        await restart.LineAsync("^generation 2 .* ready after ");
        using var list = Command(superdaemon, "--list");
        Assert.Matches("\n1 .* previous .*\n2 .* current ", await EndsAsync(list, 0));
        superdaemon.Scratch.Write("gate", "");
        var output = await EndsAsync(restart, 13, "not deployed: .*");
        Assert.Matches("\ngeneration 2 failed, generation 1 serves again: .*\n  lost my database$", output);
        await superdaemon.StatusAsync("1:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_client_that_goes_away_does_not_end_the_deploy()
    {
        using var superdaemon = await ServingAsync(Children.Perl("wait_for('gate') if $ENV{SERVER_STARTER_GENERATION} > 1; tell_supervisor('READY=1'); up(); sleep 60 while 1;"), "--ready=notify");
        using var restart = Command(superdaemon, "--restart");
        await restart.LineAsync("^generation 2 .* started");
        restart.Send(UnixSignal.Kill);
        await restart.ExitAsync();
        superdaemon.Scratch.Write("gate", "");
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Json_has_an_event_in_each_line()
    {
        using var superdaemon = await ServingAsync(Children.Serve);
        using var restart = Command(superdaemon, "--restart", "--json");
        var lines = (await EndsAsync(restart, 0)).Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(
            ["candidate-started", "candidate-accepted", "old-signalled", "generation-ended", "deploy-ended"], lines.Select(line => line.GetProperty("event").GetString()));
        Assert.Equal(2, lines[0].GetProperty("generation").GetInt32());
        Assert.Equal("done", lines[^1].GetProperty("outcome").GetString());
        Assert.EndsWith("/perl", lines[^1].GetProperty("release").GetString(), StringComparison.Ordinal);
        Assert.True(lines[^1].GetProperty("unchanged").GetBoolean());
        Assert.All(lines, line => Assert.True(line.GetProperty("time").GetDateTime() > DateTime.UtcNow.AddHours(-1)));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task List_shows_generations_and_real_ports()
    {
        using var superdaemon = await ServingAsync(Children.Serve, "--port", "127.0.0.1:0", "--port", "127.0.0.1:u0=201", "--path", "sock");
        var pid = (await superdaemon.StatusAsync("1:P"))[0];
        var port = superdaemon.Program.ErrorText.Split("--port 127.0.0.1:0 is bound to 127.0.0.1:")[1].Split('\n')[0];
        var udp = superdaemon.Program.ErrorText.Split("--port 127.0.0.1:u0=201 is bound to 127.0.0.1:")[1].Split('\n')[0];
        using var list = Command(superdaemon, "--list");
        Assert.Matches(
            $"""
            ^start_server {superdaemon.Program.Pid}: serving

            GENERATION +PID +STATE +AGE +RELEASE
            1 +{pid} +current +[0-9]+s +/.*/perl

            LISTENER +KIND +ADDRESS +FD
            127.0.0.1:{port} +tcp +127.0.0.1:{port} +[0-9]+
            127.0.0.1:{udp} +udp +127.0.0.1:{udp} +201
            sock +unix +sock +[0-9]+

            restarts after a crash: 0
            last failure: none$
            """, await EndsAsync(list, 0));
        using var json = Command(superdaemon, "--list", "--json");
        var root = JsonDocument.Parse(await EndsAsync(json, 0)).RootElement;
        Assert.Equal(pid, root.GetProperty("generations")[0].GetProperty("pid").GetInt32());
        Assert.Equal("udp", root.GetProperty("listeners")[1].GetProperty("kind").GetString());
        Kill.Send(pid, UnixSignal.Kill);
        await superdaemon.StatusAsync("2:P");
        using var after = Command(superdaemon, "--list");
        Assert.EndsWith("\nrestarts after a crash: 1\nlast failure: generation 1 was killed by signal KILL", await EndsAsync(after, 0), StringComparison.Ordinal);
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Stop_returns_when_everything_is_gone_and_who_waits_for_a_deploy_is_told()
    {
        using var superdaemon = await ServingAsync(Children.Perl("tell_supervisor('READY=1') if $ENV{SERVER_STARTER_GENERATION} == 1; up(); sleep 60 while 1;"), "--ready=notify", "--path", "DIR/sock");
        using var restart = Command(superdaemon, "--restart");
        await restart.LineAsync("^generation 2 .* started");
        await superdaemon.Program.LineAsync("^up 2 ");
        using var stop = Command(superdaemon, "--stop");
        await EndsAsync(stop, 0);
        Assert.Empty(Directory.GetFiles(superdaemon.Scratch.Path));
        await EndsAsync(restart, 3, "not deployed: .*");
        Assert.Equal(new ProgramExit(0, null), await superdaemon.Program.ExitAsync());
    }

    [Fact]
    public async Task What_generations_write_to_stderr_is_passed_on_complete_and_in_order()
    {
        using var superdaemon = await ServingAsync(Children.Perl("up(); syswrite STDERR, \"number $_\\n\" for 1..20000; sleep 60 while 1;"));
        await superdaemon.Program.LineAsync("^number 20000$");
        Assert.Equal(Enumerable.Range(1, 20000).Select(n => $"number {n}"), superdaemon.Program.Lines.Select(line => line.Text).Where(text => text.StartsWith("number ", StringComparison.Ordinal)));
        await superdaemon.StopsCleanlyAsync();
    }

    [Theory]
    [InlineData("stop", false)]
    [InlineData("keep", true)]
    public async Task Generations_that_may_outlive_us_write_to_our_stderr_themselves(string orphans, bool same)
    {
        using var superdaemon = await ServingAsync(Children.Perl("print 'stderr ', readlink('/proc/self/fd/2'), \"\\n\"; up(); sleep 60 while 1;"), "--orphans", orphans);
        var theirs = (await superdaemon.Program.LineAsync("^stderr pipe:")).Text["stderr ".Length..];
        Assert.Equal(same, theirs == new FileInfo($"/proc/{superdaemon.Program.Pid}/fd/2").LinkTarget);
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Where_nobody_is_nobody_is_asked()
    {
        using var scratch = new ScratchDirectory();
        var socket = scratch.File("control");
        using var none = ProgramUnderTest.Start(Superdaemon.Executable, ["--restart", "--control", socket]);
        await EndsAsync(none, 3, $"no start_server answers at {socket}: No such file or directory");
        scratch.Write("control", "");
        using var file = ProgramUnderTest.Start(Superdaemon.Executable, ["--list", "--control", socket]);
        await EndsAsync(file, 3, $"no start_server answers at {socket}: Connection refused");
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public async Task The_socket_is_its_owners_alone_and_never_taken_from_a_live_server()
    {
        using var superdaemon = await ServingAsync(Children.Serve);
        var socket = superdaemon.Scratch.File("control");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));
        using var second = ProgramUnderTest.Start(Superdaemon.Executable, ["--control", socket, "--", "true"]);
        Assert.Equal(new ProgramExit(1, null), await second.ExitAsync());
        Assert.EndsWith($"failed to listen to file {socket}:start_server (pid {superdaemon.Program.Pid}) is listening there; stop it or choose another path", second.ErrorText, StringComparison.Ordinal);
        superdaemon.Program.Send(UnixSignal.Kill);
        await superdaemon.Program.ExitAsync();
        using var third = ProgramUnderTest.Start(Superdaemon.Executable, ["--control", socket, "--", .. Children.Serve]);
        await third.LineAsync($"^removing existing socket file:{socket}$");
        await third.LineAsync("^up 1 ");
        using var list = Command(superdaemon, "--list");
        await EndsAsync(list, 0);
        Assert.Equal(new ProgramExit(0, null), await third.StopAsync());
        Assert.False(File.Exists(socket));
    }
}
