using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>The file of --config, read again at each HUP.</summary>
public sealed class ConfigAgainTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private ProgramUnderTest Start(string configuration, params string[] options)
    {
        _test.Write("web.conf", configuration);
        // Relative, and the master goes elsewhere.
        return _test.Run(["--config", "web.conf", "--chdir", "/", .. options, _test.Application, _test.Behaviour], new ProgramOptions { WorkingDirectory = _test.File(".") });
    }

    private const string Common = "listen = 127.0.0.1:0\n";

    [Fact]
    public async Task What_can_change_changes_and_what_cannot_is_said_once()
    {
        _test.Behave("environment");
        var master = Start(Common + "max-workers = 1\nenv = staging\n");
        await master.LineAsync("env ASPNETCORE_ENVIRONMENT=Staging$");
        await master.LineAsync("serving .* with 1 workers");

        _test.Write("web.conf", Common + "max-workers = 2\nenv = other\npid = new.pid\nmax-headers = 7\n");
        var mark = master.Mark;
        master.Send(UnixSignal.Hup);
        await master.LineAsync("changed in the configuration file: pid; that takes effect at the next start", mark);
        await master.LineAsync("2 workers from now on", mark);
        await master.LineAsync("restart done: all workers are of generation 2", mark);
        await master.LineAsync("env ASPNETCORE_ENVIRONMENT=other$", mark);
        await master.LineAsync("env STARLETNET_WORKER_HTTP=.*max-headers=7", mark);
        await master.LineAsync("worker 1 .*generation 2\\) is ready", mark);
        Assert.False(File.Exists(_test.File("new.pid")));

        mark = master.Mark;
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart done: all workers are of generation 3", mark);
        Assert.DoesNotContain(master.Lines.Skip(mark), line => line.Text.Contains("configuration file", StringComparison.Ordinal));
        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync();
    }

    /// <summary>What goes with it waits for the next start, and so does it; a start would take the file as it is.</summary>
    [Theory]
    [InlineData("access-log = access.log\naccess-log-buffer = 64K\n", "access-log")]
    [InlineData("reload = 1\nshadow-dir = /tmp\n", "reload")]
    [InlineData("preset = starlet\nmin-reqs-per-child = 50\n", "preset")]
    public async Task What_depends_on_what_waits_is_no_mistake(string added, string waits)
    {
        var master = Start(Common + "max-workers = 1\n");
        await master.LineAsync("serving");

        _test.Write("web.conf", Common + "max-workers = 1\n" + added);
        var mark = master.Mark;
        master.Send(UnixSignal.Hup);

        await master.LineAsync($"changed in the configuration file: {waits}; that takes effect at the next start", mark);
        await master.LineAsync("restart done: all workers are of generation 2", mark);
    }

    [Fact]
    public async Task What_no_start_would_take_is_refused()
    {
        var master = Start(Common + "max-workers = 1\n");
        await master.LineAsync("serving");

        _test.Write("web.conf", Common + "max-workers = 1\naccess-log-buffer = 64K\n");
        var mark = master.Mark;
        master.Send(UnixSignal.Hup);

        await master.LineAsync("no restart: .*web.conf:3: access-log-buffer: means nothing without --access-log; the running workers go on serving", mark);
    }

    [Fact]
    public async Task A_directory_is_looked_for_where_we_were_started_and_not_where_we_have_gone()
    {
        Directory.CreateDirectory(_test.File("work"));
        _test.Write("web.conf", Common + "max-workers = 1\nchdir = work\n");
        var master = _test.Run(["--config", "web.conf", _test.Application, _test.Behaviour], new ProgramOptions { WorkingDirectory = _test.File(".") });
        await master.LineAsync("serving");

        master.Send(UnixSignal.Hup);

        await master.LineAsync("restart done: all workers are of generation 2");
    }

    [Fact]
    public async Task The_command_line_still_wins()
    {
        _test.Behave("environment");
        var master = Start(Common + "max-workers = 2\n", "-w1", "-E", "mine");
        await master.LineAsync("serving .* with 1 workers");

        _test.Write("web.conf", Common + "max-workers = 3\nenv = other\n");
        var mark = master.Mark;
        master.Send(UnixSignal.Hup);

        await master.LineAsync("restart done", mark);
        Assert.Contains(master.Lines.Skip(mark), line => line.Text == "env ASPNETCORE_ENVIRONMENT=mine");
        Assert.DoesNotContain(master.Lines.Skip(mark), line => line.Text.Contains("workers from now on", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("max-workers = many\n", "no restart: .*web.conf:2: max-workers: 'many' is not auto")]
    [InlineData("max-workers = 0\n", "no restart: max-workers = 0 takes a new start")]
    [InlineData("nonsense = 1\n", "no restart: .*web.conf:2: unknown option --nonsense")]
    public async Task A_mistake_in_it_is_no_restart(string line, string message)
    {
        var master = Start(Common + "max-workers = 1\n");
        await master.LineAsync("serving");

        _test.Write("web.conf", Common + line);
        master.Send(UnixSignal.Hup);

        await master.LineAsync(message + ".*the running workers go on serving");
        Assert.Contains("gen=1", await MasterUnderTest.AskAsync(master));
    }
}
