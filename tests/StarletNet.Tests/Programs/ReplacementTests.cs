using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

public sealed class ReplacementTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private static int Pid(OutputLine line) => int.Parse(Regex.Match(line.Text, @"pid[ =](\d+)").Groups[1].Value);

    [Fact]
    public async Task A_worker_that_has_answered_its_share_is_replaced_without_a_gap()
    {
        var master = await _test.StartReady("--max-reqs-per-child", "5");

        // Each question is a connection; one that met no listener would throw.
        for (var asked = 0; asked < 60; asked++) Assert.StartsWith("fake ", await MasterUnderTest.AskAsync(master));

        await master.LineAsync(@"is to be replaced: it has answered its share of requests \(\d+ requests so far\)");
        await master.LineAsync("drains: it has answered its share of requests");
        await master.LineAsync("has left: exit code 0");
        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task A_worker_that_is_stopped_by_a_signal_is_stuck_and_replaced()
    {
        var master = await _test.StartReady("--worker-timeout", "0.4");
        var victim = Pid(await master.LineAsync("worker 1 .* is ready"));
        var mark = master.Mark;

        _ = StarletNet.Shared.Interop.LibC.kill(victim, 19);

        await master.LineAsync($@"error: worker 1 \(pid {victim}\) is to be replaced: it gives no sign of life", mark);
        await master.LineAsync("worker 1 .* is ready", mark);
        await master.LineAsync($@"worker 1 \(pid {victim}\) should have left by now and is killed", mark);
        await master.LineAsync($@"worker 1 \(pid {victim}\) has left: signal KILL", mark);
        Assert.Equal(3, master.Family.Count);
    }

    [Fact]
    public async Task Workers_that_live_are_left_alone()
    {
        var master = await _test.StartReady("--worker-timeout", "0.4", "--worker-max-age", "3");

        // Old age comes long after a false verdict would have.
        await master.LineAsync("is to be replaced: it is too old");

        Assert.DoesNotContain("no sign of life", master.ErrorText);
    }

    [Fact]
    public async Task Usr1_with_a_spawn_interval_stops_worker_after_worker()
    {
        var master = _test.Run(["-l", "127.0.0.1:0", "-w", "3", "--spawn-interval", "0.5", _test.Application, _test.Behaviour]);
        await master.LineAsync("serving .* with the first of 3 workers; another one each 0.5 s");
        await master.LineAsync("worker 2 .* is ready");
        var mark = master.Mark;
        var since = System.Diagnostics.Stopwatch.StartNew();

        master.Send(UnixSignal.Usr1);

        await master.LineAsync("stopping in stages .*: one of 3 workers each 0.5 s");
        Assert.Equal(0, (await master.ExitAsync()).Code);
        Assert.InRange(since.Elapsed.TotalSeconds, 1.0, 10);
        var drains = master.Lines.Skip(mark).Where(line => line.Text.Contains("drains: stop", StringComparison.Ordinal)).Select(line => Regex.Match(line.Text, @"worker (\d)").Groups[1].Value);
        Assert.Equal(["0", "1", "2"], drains);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task The_exit_command_runs_after_every_worker_and_the_master_waits_for_it()
    {
        const string Command = "echo \"gone: $STARLETNET_WORKER_SLOT $STARLETNET_WORKER_PID $STARLETNET_WORKER_STATUS $STARLETNET_WORKER_REASON $STARLETNET_WORKER_REQUESTS\"";
        var master = await _test.StartReady("--child-exit", Command);
        var victim = Pid(await master.LineAsync("worker 1 .* is ready"));

        _ = StarletNet.Shared.Interop.LibC.kill(victim, 9);

        await master.LineAsync($"^gone: 1 {victim} 137 died 0$");
        await master.LineAsync("worker 1 .* is ready", master.Mark);
        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.Equal(2, master.Lines.Count(line => Regex.IsMatch(line.Text, @"^gone: [01] \d+ 0 stop 0$")));
    }

    [Fact]
    public async Task A_failed_exit_command_is_a_warning()
    {
        var master = await _test.StartReady("--child-exit", "exit 3");

        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.Contains("warning: the command of --child-exit failed: exit code 3", master.ErrorText);
    }

    [Fact]
    public async Task With_preload_app_one_worker_is_tried_first()
    {
        _test.Behave("crash");
        var master = _test.Start("--preload-app");

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Single(master.Lines, line => line.Text.Contains("is starting", StringComparison.Ordinal));
    }
}
