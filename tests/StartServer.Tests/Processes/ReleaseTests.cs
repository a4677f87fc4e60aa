using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>Programs that are reached through a release link: which release is started when, and what is said of it.</summary>
public sealed class ReleaseTests
{
    /// <summary>Says of which release it is, and under which name it was called.</summary>
    private static string Script(string release, string ready = "tell_supervisor('READY=1');") => Children.Script(Children.Perl(
        $"use Cwd; tell_supervisor('STATUS=starting'); {ready} print \"release {release} in \", getcwd(), \" PWD $ENV{{PWD}}\\n\"; up(); sleep 60 while 1;"));

    private static ScratchDirectory Releases(string secondIsReady = "tell_supervisor('READY=1');")
    {
        var scratch = new ScratchDirectory();
        foreach (var release in new[] { "r1", "r2", "r3" })
        {
            Directory.CreateDirectory(scratch.File(release));
            scratch.Write($"{release}/app", Script(release, release == "r2" ? secondIsReady : "tell_supervisor('READY=1');"), executable: true);
        }
        SymbolicLink.Switch(scratch.File("current"), scratch.File("r1"));
        return scratch;
    }

    private static ProgramUnderTest Command(ScratchDirectory scratch, params string[] words) =>
        ProgramUnderTest.Start(Superdaemon.Executable, [.. words, "--control", scratch.File("control")]);

    private static async Task<string> EndsAsync(ProgramUnderTest client, int exitCode)
    {
        Assert.True(await client.ExitAsync() == new ProgramExit(exitCode, null), client.Describe());
        return exitCode == 0 ? client.OutputText : client.ErrorText;
    }

    /// <summary>As a shell starts it after <c>cd current</c>: the kernel knows the release, PWD the link.</summary>
    private static ProgramUnderTest StartInLink(ScratchDirectory scratch, params string[] words) => ProgramUnderTest.Start(
        "/bin/sh", ["-c", "cd \"$0\" && exec \"$@\"", scratch.File("current"), scratch.File("start_server"), "--ready=notify", "--control", scratch.File("control"), .. words]);

    [Fact]
    public async Task Where_it_was_started_through_a_link_each_generation_starts_in_what_the_link_names_now_also_after_an_upgrade()
    {
        using var scratch = Releases();
        SymbolicLink.Switch(scratch.File("start_server"), Superdaemon.Executable);
        using var program = StartInLink(scratch, "--", "./app");
        await program.LineAsync($"^release r1 in {scratch.File("r1")} PWD {scratch.File("current")}$");
        SymbolicLink.Switch(scratch.File("current"), scratch.File("r2"));
        using var deploy = Command(scratch, "--restart");
        Assert.EndsWith($"\ngeneration 2 serves {scratch.File("r2/app")}", await EndsAsync(deploy, 0), StringComparison.Ordinal);
        await program.LineAsync($"^release r2 in {scratch.File("r2")} PWD {scratch.File("current")}$");
        using var upgrade = Command(scratch, "--upgrade");
        await EndsAsync(upgrade, 0);
        // Neither where the kernel has us, nor where the link led when the new version took over.
        SymbolicLink.Switch(scratch.File("current"), scratch.File("r3"));
        using var third = Command(scratch, "--restart");
        Assert.EndsWith($"\ngeneration 3 serves {scratch.File("r3/app")}", await EndsAsync(third, 0), StringComparison.Ordinal);
        using var again = Command(scratch, "--restart");
        Assert.EndsWith($"\ngeneration 4 serves {scratch.File("r3/app")}, the same files as before: nothing has changed", await EndsAsync(again, 0), StringComparison.Ordinal);
        // Another file under the same name is another release.
        scratch.Write("r3/app.new", Script("r3"), executable: true);
        File.Move(scratch.File("r3/app.new"), scratch.File("r3/app"), overwrite: true);
        using var overwritten = Command(scratch, "--restart");
        Assert.EndsWith($"\ngeneration 5 serves {scratch.File("r3/app")}", await EndsAsync(overwritten, 0), StringComparison.Ordinal);
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }

    [Theory]
    [InlineData("--dir=DIR/current -- ./app")]
    [InlineData("-- DIR/current/app")]
    [InlineData("-- /usr/bin/perl DIR/current/app")]
    public async Task After_a_failed_deploy_a_crash_starts_what_served_and_says_so(string words)
    {
        using var scratch = Releases(secondIsReady: "print STDERR \"no database\\n\"; exit 3;");
        using var program = ProgramUnderTest.Start(Superdaemon.Executable,
            ["--ready=notify", "--control", scratch.File("control"), .. words.Replace("DIR", scratch.Path, StringComparison.Ordinal).Split(' ')]);
        await program.LineAsync("^release r1 ");
        SymbolicLink.Switch(scratch.File("current"), scratch.File("r2"));
        using var failed = Command(scratch, "--restart");
        var said = (await EndsAsync(failed, 10)).Split('\n');
        Assert.Equal("not deployed: generation 2 exited with status 3", said[^1]);
        var named = Assert.Single(said[..^1]);
        Assert.Contains(" leads to ", named, StringComparison.Ordinal);
        Assert.Matches($"a restart of start_server or of the machine starts {scratch.File("r2")}(/app)?$", named);

        // An upgrade in between forgets nothing.
        using var upgrade = Command(scratch, "--upgrade");
        await EndsAsync(upgrade, 0);
        for (var number = 3; number <= 4; number++)
        {
            var mark = program.Mark;
            Kill.Send(program.Family.Single(process => process.Parent == program.Pid && process.Command.Contains("/app", StringComparison.Ordinal)).Pid, UnixSignal.Kill);
            await program.LineAsync($"^starting what served last, .*{scratch.File("r1")}.*: .* leads to {scratch.File("r2")}.*, which has not been deployed$", mark);
            await program.LineAsync("^release r1 ", mark);
            await program.LineAsync($"^generation {number} serves ", mark);
        }

        // The next deploy that succeeds is what a crash starts from then on.
        scratch.Write("r2/app", Script("r2"), executable: true);
        using var good = Command(scratch, "--restart");
        Assert.Matches($"generation 5 serves .*{scratch.File("r2/app")}$", await EndsAsync(good, 0));
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }

    [Fact]
    public async Task When_what_served_is_gone_that_is_said_and_what_the_link_names_is_started()
    {
        using var scratch = Releases();
        using var program = ProgramUnderTest.Start(Superdaemon.Executable, ["--ready=notify", $"--dir={scratch.File("current")}", "--", "./app"]);
        await program.LineAsync("^up 1 ");
        SymbolicLink.Switch(scratch.File("current"), scratch.File("r2"));
        Directory.Delete(scratch.File("r1"), recursive: true);
        var mark = program.Mark;
        Kill.Send(program.Family.Single(process => process.Parent == program.Pid).Pid, UnixSignal.Kill);
        await program.LineAsync($"^what served last is gone \\({scratch.File("r1")}\\); starting {scratch.File("r2/app")}, which the command line names$", mark);
        await program.LineAsync("^release r2 ", mark);
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }

    [Fact]
    public async Task A_newer_deploy_takes_the_place_of_one_that_hangs_unless_its_caller_waits_who_can_be_cancelled()
    {
        using var scratch = Releases(secondIsReady: "print \"hangs $ENV{SERVER_STARTER_GENERATION}\\n\"; sleep 60 while 1;");
        using var program = ProgramUnderTest.Start(Superdaemon.Executable,
            ["--ready=notify", "--control", scratch.File("control"), $"--dir={scratch.File("current")}", "--", "./app"]);
        await program.LineAsync("^up 1 ");
        SymbolicLink.Switch(scratch.File("current"), scratch.File("r2"));
        using var hangs = Command(scratch, "--restart");
        await hangs.LineAsync("^generation 2 .* started");
        using var second = Command(scratch, "--restart");
        Assert.Equal(
            "not deployed: another deploy is under way (generation 2 is starting), and the --restart that asked for it still waits; start_server --abort cancels it",
            await EndsAsync(second, 12));
        using var abort = Command(scratch, "--abort");
        Assert.Equal("generation 2 is cancelled; generation 1 keeps serving", await EndsAsync(abort, 0));
        Assert.EndsWith("\nnot deployed: cancelled by --abort", await EndsAsync(hangs, 10), StringComparison.Ordinal);
        using var nothing = Command(scratch, "--abort");
        Assert.Equal("no deploy is under way; generation 1 serves", await EndsAsync(nothing, 0));

        // Its caller has gone: the fix does not wait for it.
        using var left = Command(scratch, "--restart");
        // It has been read by then: what is written over it is for the next one.
        await program.LineAsync("^hangs 3$");
        left.Send(UnixSignal.Kill);
        await left.ExitAsync();
        scratch.Write("r2/app", Script("r2"), executable: true);
        using var fix = Command(scratch, "--restart");
        Assert.EndsWith($"\ngeneration 4 serves {scratch.File("r2/app")}", await EndsAsync(fix, 0), StringComparison.Ordinal);
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }

    [Fact]
    public async Task What_a_generation_says_of_itself_is_shown_without_its_control_characters_and_no_longer_than_it_should_be()
    {
        using var scratch = new ScratchDirectory();
        var child = Children.Perl(
            "tell_supervisor(\"STATUS=x\\nX_STARLETNET_RELEASE=/srv/\\e[31mred\"); "
            + "if ($ENV{SERVER_STARTER_GENERATION} > 1) { tell_supervisor('X_STARLETNET_REASON=' . \"\\e]0;\\a\" . 'x' x 3000); exit 1 } tell_supervisor('READY=1'); up(); sleep 60 while 1;");
        using var program = ProgramUnderTest.Start(Superdaemon.Executable, ["--ready=notify", "--control", scratch.File("control"), "--", .. child]);
        await program.LineAsync(@"^generation 1 serves /srv/\\x1b\[31mred$");
        using var list = Command(scratch, "--list");
        Assert.Contains(@" /srv/\x1b[31mred", await EndsAsync(list, 0), StringComparison.Ordinal);
        using var failed = Command(scratch, "--restart");
        Assert.Matches(@"not deployed: generation 2: \\x1b\]0;\\x07x{1000,1024}…$", await EndsAsync(failed, 10));
        Assert.Equal(new ProgramExit(0, null), await program.StopAsync());
    }
}
