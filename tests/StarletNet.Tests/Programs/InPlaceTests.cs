using StarletNet.Shared.Contract;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>--max-workers 0.</summary>
public sealed class InPlaceTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private ProgramUnderTest Start(params string[] options) => _test.Run(["-l", "127.0.0.1:0", "-w", "0", .. options, _test.Application, _test.Behaviour, "more"]);

    [Fact]
    public async Task The_process_itself_becomes_the_application_and_gets_all_signals()
    {
        var pid = _test.File("pid");
        var program = Start("--pid", pid);
        await program.LineAsync($"fake 0 gen=1 pid={program.Pid} begins: more");
        await program.LineAsync(" ready$");

        var only = Assert.Single(program.Family);
        Assert.Equal(program.Pid, only.Pid);
        Assert.StartsWith("starletnet worker 0 gen=1 ", only.Command);
        Assert.Equal($"fake 0 gen=1 pid={program.Pid}", await MasterUnderTest.AskAsync(program));
        Assert.Equal($"{program.Pid}\n", LockedFile.ReadAllText(pid));
        // Locked for as long as it lives.
        var second = _test.Run(["-l", "127.0.0.1:0", "--pid", pid, _test.Application]);
        Assert.Equal(1, (await second.ExitAsync()).Code);
        Assert.Contains($"running already (pid {program.Pid})", second.ErrorText);

        // The fake application does nothing against it, so it takes its default action: nothing of ours is in between.
        program.Send(UnixSignal.Term);
        Assert.Equal(new ProgramExit(null, (int)UnixSignal.Term), await program.ExitAsync());
        await program.NothingLeftAsync();
    }

    [Fact]
    public async Task What_the_master_is_told_is_not_in_its_environment_and_its_copy_is_held()
    {
        var copies = Directory.CreateDirectory(_test.File("copies")).FullName;
        _test.Behave("environment");
        var program = _test.Run(["-l", "127.0.0.1:0", "-w", "0", "--shadow-copy", "--shadow-dir", copies, _test.Application, _test.Behaviour],
            new ProgramOptions { WorkingDirectory = _test.File("app"), Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = _test.File("nobody") } });

        await program.LineAsync("^cwd .*/copies/starletnet-copy-");
        await program.LineAsync(" ready$");
        Assert.DoesNotContain(program.Lines, line => line.Text.StartsWith("env NOTIFY_SOCKET=", StringComparison.Ordinal));
        Assert.Contains(program.Lines, line => line.Text == $"env STARLETNET_WORKER_NOTIFY={_test.File("nobody")}");
        // Whose name the keys of cookies go by.
        Assert.Contains(program.Lines, line => line.Text == $"env STARLETNET_WORKER_IDENTITY={_test.File("app")}");
        var other = _test.Run(["-l", "127.0.0.1:0", "-w1", "--shadow-copy", "--shadow-dir", copies, _test.Application, _test.Behaviour]);
        await other.LineAsync("serving");
        Assert.Equal(2, Directory.GetDirectories(copies).Length);
    }

    [Fact]
    public async Task Without_copies_it_starts_in_the_applications_directory_and_its_title_can_be_left_alone()
    {
        _test.Behave("environment");
        var program = _test.Run(["-l", "127.0.0.1:0", "-w", "0", "--disable-proctitle", "--chdir", "/", _test.Application, _test.Behaviour]);

        await program.LineAsync($"^cwd {_test.File("app")}$");
        await program.LineAsync(" ready$");
        Assert.DoesNotContain("STARLETNET_WORKER_IDENTITY", program.OutputText);
        // The name that was executed, and not one of ours.
        Assert.Matches($"^[^ ]*dotnet .*{_test.Application} {_test.Behaviour}$", Assert.Single(program.Family).Command);
    }

    [Fact]
    public async Task It_is_told_which_files_it_has_to_remove_itself()
    {
        _test.Behave("environment");
        var (pid, socket) = (_test.File("pid file"), _test.File("a.sock"));
        var program = Start("--pid", pid, "-l", socket);

        var told = await program.LineAsync("^env STARLETNET_WORKER_FILES=");

        Assert.Equal([socket, pid], OwnFile.Parse(told.Text["env STARLETNET_WORKER_FILES=".Length..]).Select(file => file.Path));
        Assert.Equal(OwnFile.At(socket), OwnFile.Parse(told.Text["env STARLETNET_WORKER_FILES=".Length..])[0]);
    }

    [Fact]
    public async Task A_pid_file_that_nobody_could_hand_over_is_refused_under_start_server()
    {
        var refused = _test.Run(["-w", "0", "--pid", _test.File("pid"), _test.Application], new ProgramOptions { Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = "" } });

        Assert.Equal(2, (await refused.ExitAsync()).Code);
        Assert.Contains("option --pid: with --max-workers 0 no generation can take it over", Assert.Single(refused.Lines).Text);
        Assert.False(File.Exists(_test.File("pid")));
    }

    [Theory]
    [InlineData("--worker-quit=dump")]
    [InlineData("--daemonize")]
    [InlineData("--reload")]
    [InlineData("--child-exit=true")]
    [InlineData("--metrics=127.0.0.1:0")]
    [InlineData("--status-socket=@status")]
    public async Task What_takes_a_master_is_refused(string option)
    {
        var refused = Start(option);

        Assert.Equal(2, (await refused.ExitAsync()).Code);
        Assert.Contains($"option {option.Split('=')[0]}: takes a master", refused.ErrorText);
    }
}
