using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>Log files that the master opens, hands to workers and opens anew.</summary>
public sealed class LogFileTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private string Text(string name) => File.Exists(_test.File(name)) ? File.ReadAllText(_test.File(name)) : "";

    private Task HoldsAsync(string name, string text) =>
        Eventually.TrueAsync(() => Text(name).Contains(text, StringComparison.Ordinal), $"{name} holds '{text}'", () => Text(name));

    [Theory]
    [InlineData(UnixSignal.Usr2)]
    [InlineData(UnixSignal.Hup)]
    public async Task Renamed_files_are_opened_anew_by_master_and_workers(UnixSignal signal)
    {
        var (errors, access, socket) = (_test.File("error.log"), _test.File("access.log"), _test.File("a.sock"));
        var master = _test.Run(["-l", socket, "-w", "2", "--error-log", errors, "--access-log", access, "--access-log-format", "%h %s", _test.Application, _test.Behaviour]);
        await HoldsAsync("error.log", "serving ");
        await MasterUnderTest.AskAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(socket));
        await HoldsAsync("access.log", "answered in format %h %s\n");

        File.Move(errors, errors + ".1");
        File.Move(access, access + ".1");
        master.Send(signal);
        await HoldsAsync("error.log", $"opened anew: {errors}, {access}");

        // Each worker, also one of before, has the new files: what it says and what it answers goes there.
        await HoldsAsync("error.log", "hears reopen access error");
        await Eventually.TrueAsync(() => Regex.Count(Text("error.log"), "hears reopen access error") == 2, "both workers have been told", () => Text("error.log"));
        var before = Text("access.log.1");
        await MasterUnderTest.AskAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(socket));
        await HoldsAsync("access.log", "answered");
        Assert.Equal(before, Text("access.log.1"));
        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.EndsWith("exiting with code 0\n", Text("error.log"));
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_anew_is_not_said_to_have_been()
    {
        var (errors, access) = (_test.File("error.log"), _test.File("logs/access.log"));
        Directory.CreateDirectory(_test.File("logs"));
        var master = _test.Run(["-l", _test.File("a.sock"), "-w1", "--error-log", errors, "--access-log", access, _test.Application, _test.Behaviour]);
        await HoldsAsync("error.log", "serving ");

        Directory.Move(_test.File("logs"), _test.File("elsewhere"));
        master.Send(UnixSignal.Usr2);

        await HoldsAsync("error.log", $"warning: cannot open the access log anew: {access}: No such file or directory; the old one is written on");
        await HoldsAsync("error.log", $"opened anew: {errors}\n");
    }

    [Fact]
    public async Task An_access_log_on_standard_output_is_not_opened_anew()
    {
        var master = await _test.StartReady("--access-log", "-");
        await MasterUnderTest.AskAsync(master);
        await master.LineAsync("answered in format combined");

        master.Send(UnixSignal.Usr2);

        await master.LineAsync("signal USR2 is ignored");
    }

    [Theory]
    [InlineData(2, "option --access-log-format: '%y' means nothing here", "--access-log-format", "%y")]
    [InlineData(2, "option --chdir: there is no directory /nowhere", "--chdir", "/nowhere")]
    [InlineData(1, "cannot write the access log /nowhere/x: No such file or directory", "--access-log", "/nowhere/x")]
    public async Task What_cannot_be_is_said_at_the_start(int code, string message, params string[] options)
    {
        var master = _test.Start(options);

        Assert.Equal(code, (await master.ExitAsync()).Code);
        Assert.Contains(message, Assert.Single(master.Lines).Text);
    }
}
