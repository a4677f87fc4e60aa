using StarletNet.Shared.Notify;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>What the master says to, and learns from, whoever started it; and what it refuses at once.</summary>
public sealed class SupervisionTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private static async Task<NotifyMessage> ReceiveAsync(NotifyReceiver receiver)
    {
        NotifyMessage? message = null;
        await Eventually.TrueAsync(() => (message = receiver.Receive()) is not null, "a notification");
        return message!;
    }

    [Fact]
    public async Task Status_comes_at_once_and_ready_when_all_workers_are()
    {
        using var receiver = NotifyReceiver.Create();
        _test.Behave("environment");
        var master = _test.Run(["-l", "127.0.0.1:0", "-w", "2", _test.Application, _test.Behaviour],
            new ProgramOptions { Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = receiver.Address } });

        var first = await ReceiveAsync(receiver);
        Assert.Equal("STATUS=starting", first.Text);
        Assert.Equal(master.Pid, first.Pid);
        Assert.Equal(_test.Application, (await ReceiveAsync(receiver))["X_STARLETNET_RELEASE"]);
        var ready = await ReceiveAsync(receiver);
        Assert.True(ready.IsReady);
        Assert.Equal("serving with 2 workers", ready["STATUS"]);
        // What they wrote before takes its own way to us, and may come later.
        await Eventually.TrueAsync(() => master.Lines.Count(line => line.Text.EndsWith(" ready", StringComparison.Ordinal)) == 2, "both have said so", master.Describe);
        Assert.DoesNotContain("NOTIFY_SOCKET", master.OutputText);

        master.Send(UnixSignal.Hup);
        Assert.Equal("1", (await ReceiveAsync(receiver))["RELOADING"]);
        Assert.True((await ReceiveAsync(receiver)).IsReady);

        master.Send(UnixSignal.Term);
        Assert.Equal("1", (await ReceiveAsync(receiver))["STOPPING"]);
        Assert.Equal(0, (await master.ExitAsync()).Code);
    }

    [Fact]
    public async Task Signs_of_life_come_from_the_loop_where_somebody_waits_for_them()
    {
        using var receiver = NotifyReceiver.Create();
        var master = _test.Run(["-l", "127.0.0.1:0", "-w1", _test.Application, _test.Behaviour],
            new ProgramOptions { Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = receiver.Address, ["WATCHDOG_USEC"] = "200000" } });
        await master.LineAsync("serving");

        for (var signs = 0; signs < 3;)
            if ((await ReceiveAsync(receiver))["WATCHDOG"] == "1") signs++;
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    [Fact]
    public async Task A_failed_start_says_why_and_never_ready()
    {
        using var receiver = NotifyReceiver.Create();
        _test.Behave("crash");
        var master = _test.Run(["-l", "127.0.0.1:0", "-w1", "--err-respawn-interval", "0.02", _test.Application, _test.Behaviour],
            new ProgramOptions { Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = receiver.Address } });

        Assert.Equal(1, (await master.ExitAsync()).Code);
        while (receiver.Receive() is { } message) Assert.False(message.IsReady);
    }

    [Fact]
    public async Task It_stops_when_its_superdaemon_is_gone()
    {
        // A shell plays the superdaemon; without sockets, which start_server allows.
        var script = _test.Write("super", $"#!/bin/sh\nSERVER_STARTER_PORT= {_test.Executable} -l 127.0.0.1:0 -w 2 {_test.Application} {_test.Behaviour} &\nwait\n", executable: true);
        var super = _test.Keep(ProgramUnderTest.Start(script, []));
        await super.LineAsync("serving .* with 2 workers");

        super.Send(UnixSignal.Kill);

        await super.LineAsync($"the process that started us, pid {super.Pid}, is gone");
        await super.LineAsync("exiting with code 0");
        await super.NothingLeftAsync();
    }

    /// <summary>Also under one that we may outlive.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("keep")]
    public async Task Under_a_superdaemon_a_second_term_cuts_nothing_off(string orphans)
    {
        _test.Behave("slow");
        var master = _test.Run(["-l", "127.0.0.1:0", "-w1", _test.Application, _test.Behaviour],
            new ProgramOptions { Environment = new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = "", ["START_SERVER_ORPHANS"] = orphans } });
        await master.LineAsync("serving");
        master.Send(UnixSignal.Term);
        await master.LineAsync("hears drain");

        // Within a second it would be the same gesture.
        await Task.Delay(1100);
        master.Send(UnixSignal.Term);
        // TTIN is answered by nothing while stopping, HUP is: so the TERM before it has been heard, too.
        master.Send(UnixSignal.Hup);
        await master.LineAsync("no restart: we are stopping");
        Assert.DoesNotContain("hears abort", master.OutputText);

        // Asked for again until the second that makes two signals one is over.
        await Eventually.TrueAsync(() =>
        {
            try
            {
                if (!master.HasExited) master.Send(UnixSignal.Int);
            }
            catch (TestKitException) when (master.HasExited)
            {
                // Between the look and the signal, for the one before.
            }
            return master.OutputText.Contains("hears abort", StringComparison.Ordinal);
        }, "INT aborts");
        Assert.Equal(0, (await master.ExitAsync()).Code);
    }

    /// <summary>start_server's own default is TERM, which in the manner of Starman is no drain.</summary>
    [Theory]
    [InlineData("starman", true, true)]
    [InlineData("starman", false, false)]
    [InlineData("starlet", true, false)]
    public async Task Where_start_servers_term_would_cut_requests_the_start_says_so(string preset, bool isUnderOne, bool isSaid)
    {
        var superdaemon = new ProgramOptions { Environment = isUnderOne ? new Dictionary<string, string> { ["SERVER_STARTER_PORT"] = "" } : [] };
        var master = _test.Run(["-l", "127.0.0.1:0", "--preset", preset, "-w", "1", _test.Application, _test.Behaviour], superdaemon);
        await master.LineAsync("serving");

        Assert.Equal(isSaid ? 1 : 0, master.Lines.Count(line => line.Text == $"starletnet[{master.Pid}]: warning: with --preset starman TERM cuts what is unfinished, and "
            + "start_server sends TERM at each deploy and at its end, unless it was told --signal-on-hup=QUIT --signal-on-term=QUIT"));
        Assert.Equal(isSaid, master.ErrorText.Contains("signal-on-hup", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_pid_file_holds_the_masters_pid_and_locks_out_a_second_one()
    {
        var path = _test.File("x.pid");
        var master = await _test.StartReady("--pid", path);
        Assert.Equal($"{master.Pid}\n", LockedFile.ReadAllText(path));

        var second = _test.Run(["-l", "127.0.0.1:0", "--pid", path, _test.Application]);
        Assert.Equal(1, (await second.ExitAsync()).Code);
        Assert.Contains($"(pid {master.Pid})", second.ErrorText);

        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync(path);
    }

    [Fact]
    public async Task Without_the_hosting_assembly_nothing_starts()
    {
        File.Delete(_test.HostingAssembly);
        var master = _test.Start();

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("StarletNet.Hosting.dll is missing; it belongs beside the starletnet executable", Assert.Single(master.Lines).Text);
    }

    [Theory]
    [InlineData(2, "unknown option --worker-boot-timout; did you mean --worker-boot-timeout?", "--worker-boot-timout", "3")]
    [InlineData(2, "option -w: 'x' is not auto or a whole number from 0 to 1024", "-w", "x")]
    [InlineData(2, "option --preset: 'unicorn' is not a server whose ways are known", "--preset", "unicorn")]
    [InlineData(2, "option --completion: 'tcsh' is not a shell", "--completion", "tcsh")]
    [InlineData(2, "cannot read the configuration file nowhere.conf: No such file or directory", "--config", "nowhere.conf")]
    [InlineData(2, "no application given")]
    [InlineData(1, "cannot find the application nowhere.dll: No such file or directory", "nowhere.dll")]
    [InlineData(1, "is not a managed application", "/bin/sh")]
    public async Task Bad_input_is_one_clear_line(int code, string message, params string[] arguments)
    {
        var master = _test.Run(arguments);

        Assert.Equal(code, (await master.ExitAsync()).Code);
        var line = Assert.Single(master.Lines);
        Assert.StartsWith("starletnet: ", line.Text);
        Assert.Contains(message, line.Text);
    }

    [Fact]
    public async Task Check_config_prints_the_configuration_and_starts_nothing()
    {
        var file = _test.Write("web.conf", "preset = starman\nlisten = 127.0.0.1:0\n");
        var master = _test.Run(["--config", file, "--check-config", "-w3", "nowhere.dll"]);

        Assert.Equal(0, (await master.ExitAsync()).Code);
        Assert.Empty(master.ErrorText);
        Assert.Matches("(?m)^max-workers = 3 +# command line$", master.OutputText);
        Assert.Matches($"(?m)^listen = 127.0.0.1:0 +# {file}:2$", master.OutputText);
        Assert.Matches("(?m)^#TERM: stop fast +# preset starman$", master.OutputText);
    }

    [Fact]
    public async Task A_quiet_start_says_nothing_of_itself()
    {
        var master = _test.Start("-q");
        await master.LineAsync("worker 1 .* is ready");
        await master.LineAsync("worker 0 .* is ready");

        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.DoesNotContain("listening on", master.ErrorText);
        Assert.DoesNotContain("serving ", master.ErrorText);
    }

    [Theory]
    [InlineData("--completion=bash", "complete -o filenames -F _starletnet starletnet")]
    [InlineData("--help", "usage: starletnet [options] [APPLICATION [its arguments]]")]
    [InlineData("-h", "--workers N")]
    [InlineData("--help=all", "--max-workers")]
    [InlineData("--version", "starletnet 0.")]
    [InlineData("-v", ".NET")]
    public async Task Help_and_version_go_to_standard_output(string option, string text)
    {
        var master = _test.Run([option]);

        Assert.Equal(0, (await master.ExitAsync()).Code);
        Assert.Contains(text, master.OutputText);
        Assert.Empty(master.ErrorText);
    }
}
