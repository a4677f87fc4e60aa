using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

public sealed class DaemonTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private string Log => _test.File("error.log");

    private string Pid => _test.File("pid");

    private ProgramUnderTest Start(params string[] options) =>
        _test.Start([.. options, "--daemonize", "--error-log", Log, "--pid", Pid]);

    private Task LogLineAsync(string pattern, string? file = null) => Eventually.TrueAsync(
        () => File.Exists(file ?? Log) && Regex.IsMatch(File.ReadAllText(file ?? Log), pattern, RegexOptions.Multiline), $"/{pattern}/ in the log",
        () => File.Exists(Log) ? File.ReadAllText(Log) : "no log");

    private async Task<int> StopAsync(ProgramUnderTest caller)
    {
        var pid = int.Parse(LockedFile.ReadAllText(Pid));
        ProcessEntry.Read(pid)!.Send(UnixSignal.Term);
        await caller.NothingLeftAsync(Pid);
        return pid;
    }

    [Fact]
    public async Task The_caller_returns_when_the_application_serves_and_the_daemon_is_nobodys_child()
    {
        var caller = Start();

        Assert.Equal(0, (await caller.ExitAsync()).Code);
        await LogLineAsync("serving .* with 2 workers$");
        Assert.Contains("listening on", caller.ErrorText);
        var pid = int.Parse(LockedFile.ReadAllText(Pid));
        Assert.NotEqual(caller.Pid, pid);
        var stat = File.ReadAllText($"/proc/{pid}/stat")[(File.ReadAllText($"/proc/{pid}/stat").LastIndexOf(')') + 2)..].Split(' ');
        // state ppid pgrp session tty: no child of the caller, not the leader of its session, no terminal.
        Assert.NotEqual($"{caller.Pid}", stat[1]);
        Assert.NotEqual($"{pid}", stat[3]);
        Assert.Equal("0", stat[4]);
        Assert.Equal("/dev/null", File.ResolveLinkTarget($"/proc/{pid}/fd/0", false)!.FullName);
        Assert.Equal(Log, File.ResolveLinkTarget($"/proc/{pid}/fd/2", false)!.FullName);
        Assert.StartsWith("fake ", await MasterUnderTest.AskAsync(caller));

        await StopAsync(caller);
        await LogLineAsync("exiting with code 0$");
    }

    [Fact]
    public async Task An_application_that_does_not_start_is_the_callers_to_know()
    {
        _test.Behave("crash");
        var caller = Start();

        Assert.Equal(1, (await caller.ExitAsync()).Code);
        Assert.Contains("starletnet: giving up: 3 workers in a row failed to start", caller.ErrorText);
        await LogLineAsync("begins: ");
        await caller.NothingLeftAsync(Pid);
    }

    [Theory]
    [InlineData(1, "cannot listen on 127.0.0.1:1", "--listen", "127.0.0.1:1", "--user", "nobody")]
    [InlineData(1, "cannot write the pid file /nowhere/pid: No such file or directory", "--pid-file", "/nowhere/pid")]
    [InlineData(1, "cannot write the error log /nowhere/log: No such file or directory", "--error-log", "/nowhere/log")]
    [InlineData(2, "there is no user 'nobody-of-that-name'", "--user", "nobody-of-that-name")]
    public async Task What_is_wrong_is_said_once_on_the_callers_stderr(int code, string message, params string[] options)
    {
        using var taken = options[0] == "--listen" ? StarletNet.Shared.Listening.ListeningSocket.BindTcp(new(System.Net.IPAddress.Loopback, 0), 1) : null;
        if (taken is not null)
        {
            var endPoint = StarletNet.Shared.Listening.ListeningSocket.BoundEndPoint(taken.Descriptor.Number).ToString();
            (options, message) = ([options[0], endPoint], message.Replace("127.0.0.1:1", endPoint, StringComparison.Ordinal));
        }
        var caller = _test.Run(["-D", "-l", "127.0.0.1:0", "--error-log", Log, "--pid", Pid, .. options, _test.Application, _test.Behaviour]);

        Assert.Equal(code, (await caller.ExitAsync()).Code);
        var line = Assert.Single(caller.Lines);
        Assert.StartsWith("starletnet: ", line.Text);
        Assert.Contains(message, line.Text);
        await caller.NothingLeftAsync(Pid);
    }

    [Fact]
    public async Task A_caller_who_is_interrupted_takes_the_daemon_with_him()
    {
        _test.Behave("hang");
        var caller = Start();
        await LogLineAsync("begins: ");

        caller.Send(UnixSignal.Int);

        Assert.Equal(2, (await caller.ExitAsync()).Signal);
        await LogLineAsync("stopping gracefully");
        await caller.NothingLeftAsync(Pid);
    }

    [Fact]
    public async Task Under_start_server_it_is_refused()
    {
        var master = _test.Run(["-D", _test.Application], new ProgramOptions { Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = "" } });

        Assert.Equal(2, (await master.ExitAsync()).Code);
        Assert.Contains("option -D: start_server would lose us", Assert.Single(master.Lines).Text);
    }

    [Fact]
    public async Task A_renamed_log_is_opened_anew_at_a_restart()
    {
        var caller = Start();
        Assert.Equal(0, (await caller.ExitAsync()).Code);
        var old = _test.File("error.log.1");
        File.Move(Log, old);

        ProcessEntry.Read(int.Parse(LockedFile.ReadAllText(Pid)))!.Send(UnixSignal.Hup);

        await LogLineAsync("restart done");
        await LogLineAsync("fake 1 gen=2 .* ready");
        // The workers that leave are told as well.
        await LogLineAsync("fake 0 gen=1 .* hears drain");
        Assert.DoesNotContain("hears drain", LockedFile.ReadAllText(old));
        await StopAsync(caller);
    }
}
