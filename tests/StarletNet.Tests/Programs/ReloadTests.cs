using StarletNet.Shared.Contract;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

public sealed class ReloadTests : IDisposable
{
    private readonly MasterUnderTest _test = new();
    private readonly string _copies;

    public ReloadTests() => _copies = Directory.CreateDirectory(_test.File("copies")).FullName;

    public void Dispose() => _test.Dispose();

    private ProgramUnderTest Start(params string[] options) =>
        _test.Run(["-l", "127.0.0.1:0", "-w1", "--shadow-dir", _copies, .. options, _test.Application, _test.Behaviour]);

    [Fact]
    public async Task A_change_that_matters_rolls_the_workers_as_hup_does()
    {
        Directory.CreateDirectory(_test.File("app/.git"));
        var master = Start("--reload");
        await master.LineAsync("serving");

        _test.Write("app/.git/index", "x");
        _test.Write("app/Views.cshtml~", "x");
        Directory.CreateDirectory(_test.File("app/new"));
        await master.LineAsync("/app/new has changed$");
        await master.LineAsync("restart done: all workers are of generation 2");
        await MasterUnderTest.AnsweredByAsync(master, 2);

        var mark = master.Mark;
        // Below the directory that was not there at the start.
        _test.Write("app/new/page.html", "x");
        await master.LineAsync("/app/new/page.html has changed$", mark);
        await master.LineAsync("restart done: all workers are of generation 3", mark);

        Assert.DoesNotContain(master.Lines, line => line.Text.Contains(".git", StringComparison.Ordinal) || line.Text.Contains('~', StringComparison.Ordinal));
        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync();
        Assert.Empty(Directory.GetDirectories(_copies));
    }

    [Fact]
    public async Task A_link_that_is_switched_is_a_change_and_the_new_release_is_watched()
    {
        _test.Release("r2");
        SymbolicLink.Switch(_test.File("current"), _test.File("app"));
        var master = _test.Run(["-l", "127.0.0.1:0", "-w1", "-r", "--no-shadow-copy", _test.File("current/FakeWorker.dll"), _test.Behaviour]);
        await master.LineAsync("serving");

        SymbolicLink.Switch(_test.File("current"), _test.File("r2"));
        await master.LineAsync("/current has changed");
        await master.LineAsync("restart done: all workers are of generation 2");
        Assert.Contains(master.Family, process => process.Command.Contains("/r2/FakeWorker.dll", StringComparison.Ordinal));

        _test.Write("r2/new.json", "{}");
        await master.LineAsync("/r2/new.json has changed");
        await master.LineAsync("restart done: all workers are of generation 3");
    }

    [Fact]
    public async Task Only_the_directories_that_are_named_are_watched()
    {
        var watched = Directory.CreateDirectory(_test.File("watched")).FullName;
        var master = Start("-R", watched);
        await master.LineAsync("serving");

        _test.Write("app/new.json", "{}");
        _test.Write("watched/new.json", "{}");

        await master.LineAsync("/watched/new.json has changed");
        await master.LineAsync("restart done");
        Assert.DoesNotContain(master.Lines, line => line.Text.Contains("/app/new.json", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--reload", false)]
    [InlineData("--reload=force", true)]
    public async Task Under_start_server_it_must_be_insisted_upon(string option, bool reloads)
    {
        var master = _test.Run(["-l", "127.0.0.1:0", "-w1", "--shadow-dir", _copies, option, _test.Application, _test.Behaviour],
            new ProgramOptions { Environment = new Dictionary<string, string> { [EnvironmentNames.ServerStarterPort] = "" } });

        if (!reloads) await master.LineAsync("--reload is off: deploys are the business of start_server");
        await master.LineAsync("serving");
        _test.Write("app/new.json", "{}");
        if (reloads) await master.LineAsync("restart done");
        // Whoever sees it, sees it before the signal that comes after it.
        master.Send(UnixSignal.Usr2);
        await master.LineAsync("USR2");
        Assert.Equal(reloads, master.Lines.Any(line => line.Text.EndsWith("has changed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_refused()
    {
        var refused = Start("-R", _test.File("missing"));

        Assert.Equal(2, (await refused.ExitAsync()).Code);
        Assert.Matches("option -R: there is no directory .*/missing", refused.ErrorText);
    }
}
