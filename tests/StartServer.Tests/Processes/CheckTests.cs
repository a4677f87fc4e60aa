using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary><c>--check</c>, and the manual page.</summary>
public sealed class CheckTests
{
    private static string[] In(ScratchDirectory scratch, string[] words) =>
        [.. words.Select(word => word.Replace("DIR/", scratch.Path + "/", StringComparison.Ordinal))];

    [Fact]
    public async Task A_good_command_line_is_ok_and_nothing_is_bound_created_or_started()
    {
        using var scratch = new ScratchDirectory();
        scratch.Write("log", "");
        string[] options = In(scratch,
        [
            "--port", "127.0.0.1:0", "--path", "DIR/sock", "--pid-file", "DIR/pid", "--status-file", "DIR/status", "--log-file", "DIR/log",
            "--control", "DIR/control", "--daemonize", "--listen-fds",
        ]);
        using var program = ProgramUnderTest.Start(Superdaemon.Executable, ["--check", .. options, "--", "true"]);
        Assert.Equal((new ProgramExit(0, null), "ok", ""), (await program.ExitAsync(), program.OutputText, program.ErrorText));
        Assert.Equal([scratch.File("log")], Directory.GetFileSystemEntries(scratch.Path));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--man")]
    [InlineData("--version")]
    [InlineData("--check --path x.sock -- true")]
    [InlineData("--list --control DIR/control")]
    public async Task What_cannot_be_printed_is_not_taken_for_done(string words)
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--control", "DIR/control"], Children.Serve);
        using var program = ProgramUnderTest.Start("sh", ["-c", "exec \"$0\" \"$@\" > /dev/full", Superdaemon.Executable, .. In(superdaemon.Scratch, words.Split(' '))]);
        Assert.Equal((1, "cannot write to standard output: No space left on device"), ((await program.ExitAsync()).Code, program.ErrorText));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task It_can_be_used_while_the_service_runs()
    {
        using var superdaemon = await Superdaemon.ServingAsync(["--path", "DIR/sock"], Children.Serve);
        using var check = ProgramUnderTest.Start(Superdaemon.Executable,
            ["--check", "--path", superdaemon.Scratch.File("sock"), "--pid-file", superdaemon.PidFile, "--status-file", superdaemon.StatusFile, "--", "true"]);
        Assert.Equal((new ProgramExit(0, null), "ok"), (await check.ExitAsync(), check.OutputText));
        await superdaemon.StopsCleanlyAsync();
    }

    [Theory]
    [InlineData("--bogus")]
    [InlineData("--port", "x")]
    [InlineData("--port", "[nowhere]:80")]
    [InlineData("--port", "0=200", "--port", "0=200")]
    [InlineData("--listen-fds", "--port", "127.0.0.1:0", "--port", "127.0.0.1:0=3")]
    [InlineData("--path", "DIR/missing/sock")]
    [InlineData("--path", "DIR/file")]
    [InlineData("--path", "DIR/a-path-that-is-longer-than-the-hundred-and-eight-bytes-which-an-address-of-a-unix-socket-can-hold-at-most")]
    [InlineData("--pid-file", "DIR/missing/pid")]
    [InlineData("--pid-file", "DIR/file/pid")]
    [InlineData("--status-file", "DIR/missing/status")]
    [InlineData("--log-file", "DIR/missing/log")]
    [InlineData("--log-file", "DIR/sub")]
    [InlineData("--log-file", "| no-such-logger")]
    [InlineData("--signal-on-hup", "NOPE")]
    [InlineData("--daemonize")]
    public async Task It_says_what_the_start_would_say(params string[] options)
    {
        using var scratch = new ScratchDirectory();
        scratch.Write("file", "");
        Directory.CreateDirectory(scratch.File("sub"));
        using var start = ProgramUnderTest.Start(Superdaemon.Executable, [.. In(scratch, options), "--", "true"]);
        using var check = ProgramUnderTest.Start(Superdaemon.Executable, ["--check", .. In(scratch, options), "--", "true"]);
        var (expected, actual) = (await start.ExitAsync(), await check.ExitAsync());
        Assert.NotEqual(0, expected.Code);
        Assert.Equal((expected, start.ErrorText.Split('\n')[^1]), (actual, check.ErrorText));
        Assert.Equal("", check.OutputText);
    }

    [Theory]
    [InlineData(5, "^failed to exec no-such-program-anywhere: No such file or directory$", "--", "no-such-program-anywhere")]
    [InlineData(5, "^failed to exec .*/file: Permission denied$", "--", "DIR/file")]
    [InlineData(5, "^failed to exec ./app: No such file or directory$", "--dir", "DIR/sub", "--", "./app")]
    [InlineData(5, "^failed to chdir:.*/missing:No such file or directory$", "--dir", "DIR/missing", "--", "true")]
    [InlineData(5, "^failed to chdir:.*/file:Not a directory$", "--dir", "DIR/file", "--", "true")]
    [InlineData(1, "^failed to read the envdir .*/missing: No such file or directory$", "--envdir", "DIR/missing", "--", "true")]
    [InlineData(0, "^$", "--dir", "DIR/", "--envdir", "DIR/sub", "--", "./good")]
    public async Task The_program_its_directory_and_its_variables_are_looked_at(int exitCode, string message, params string[] words)
    {
        using var scratch = new ScratchDirectory();
        scratch.Write("file", "");
        scratch.Write("good", "#!/bin/sh\n", executable: true);
        Directory.CreateDirectory(scratch.File("sub"));
        using var check = ProgramUnderTest.Start(Superdaemon.Executable, ["--check", .. In(scratch, words)]);
        Assert.Equal(new ProgramExit(exitCode, null), await check.ExitAsync());
        Assert.Matches(message, check.ErrorText);
        if (exitCode != 5) return;
        // The start says the same.
        using var start = ProgramUnderTest.Start(Superdaemon.Executable, In(scratch, words));
        Assert.Equal(new ProgramExit(exitCode, null), await start.ExitAsync());
        await start.LineAsync(message);
    }

    [Fact]
    public async Task The_manual_page_has_every_option_and_groff_has_no_complaint()
    {
        using var page = ProgramUnderTest.Start(Superdaemon.Executable, ["--man"]);
        Assert.Equal(new ProgramExit(0, null), await page.ExitAsync());
        using var help = ProgramUnderTest.Start(Superdaemon.Executable, ["--help", "all"]);
        await help.ExitAsync();
        Assert.Equal(Count(help.OutputText, "\n  --"), Count(page.OutputText, "\n.B \\-\\-"));
        Assert.StartsWith(".TH START_SERVER 1 ", page.OutputText, StringComparison.Ordinal);
        Assert.Contains("\n.SH NAME\nstart_server \\- ", page.OutputText, StringComparison.Ordinal);

        Assert.SkipWhen(SystemPrograms.Find("groff") is null, "groff is not installed");
        using var scratch = new ScratchDirectory();
        var groff = await SystemPrograms.RunAsync("groff", "-man", "-Tutf8", "-ww", "-z", scratch.Write("page.1", page.OutputText + "\n"));
        Assert.Equal((0, ""), (groff.ExitCode, groff.StandardError));

        static int Count(string text, string part) => text.Split(part).Length - 1;
    }
}
