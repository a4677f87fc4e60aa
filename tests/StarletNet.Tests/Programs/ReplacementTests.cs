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
    public async Task A_worker_whose_application_asks_for_it_is_replaced_and_goes_then()
    {
        var (master, victim, mark) = await AskedToRetire("harakiri");

        var wish = await master.LineAsync($@"worker \d \(pid {victim}\) is to be replaced: the application asked for it \(1 requests so far\)", mark);
        var successor = await master.LineAsync($@"{Slot(wish)} \(pid (?!{victim}\b)\d+, .*is ready", mark);
        var drains = await master.LineAsync($@"{Slot(wish)} \(pid {victim}\) drains: the application asked for it", mark);
        Assert.Equal([wish, successor, drains], new[] { wish, successor, drains }.OrderBy(line => line.Index));
        await master.LineAsync($@"{Slot(wish)} \(pid {victim}\) has left: exit code 0", mark);
        Assert.Equal(3, master.Family.Count);
    }

    [Fact]
    public async Task A_worker_whose_request_goes_on_after_it_was_cut_is_replaced()
    {
        var (master, victim, mark) = await AskedToRetire("overdue");

        var verdict = await master.LineAsync($@"worker \d \(pid {victim}\) is to be replaced: a request goes on after it was cut \(--request-timeout\)", mark);
        await master.LineAsync($@"{Slot(verdict)} \(pid (?!{victim}\b)\d+, .*is ready", mark);
    }

    /// <summary>A master one of whose two workers has said, when asked something, that it wants to be replaced; its successor will not.</summary>
    private async Task<(ProgramUnderTest Master, int Victim, int Mark)> AskedToRetire(string why)
    {
        _test.Behave($"retire {why}");
        var master = await _test.StartReady();
        _test.Behave("");
        var mark = master.Mark;
        return (master, int.Parse(Regex.Match(await MasterUnderTest.AskAsync(master), @"pid=(\d+)").Groups[1].Value), mark);
    }

    private static string Slot(OutputLine line) => Regex.Match(line.Text, @"worker \d").Value;

    [Fact]
    public async Task A_worker_that_uses_more_memory_than_it_may_is_replaced_and_goes_then()
    {
        // No runtime can do with that. Three looks take a quarter of a minute.
        var master = await _test.StartReady("--worker-max-memory", "1M");
        var victim = Pid(await master.LineAsync("worker 1 .* is ready"));

        var verdict = await master.LineAsync($@"worker 1 \(pid {victim}\) is to be replaced: it uses too much memory");
        await master.LineAsync($@"worker 1 \(pid (?!{victim}\b)\d+, .*is ready", verdict.Index);
        await master.LineAsync($@"worker 1 \(pid {victim}\) drains: it uses too much memory");
        await master.LineAsync($@"worker 1 \(pid {victim}\) has left: exit code 0");
    }

    [Fact]
    public async Task A_worker_that_is_stopped_by_a_signal_is_stuck_and_replaced()
    {
        var master = await _test.StartReady("--worker-timeout", "0.4");
        var victim = Pid(await master.LineAsync("worker 1 .* is ready"));
        var mark = master.Mark;

        _ = LibC.kill(victim, 19);

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

    /// <summary>As a laptop that sleeps, or a container that is frozen, does: looks are counted, not seconds.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pause_of_the_master_is_no_silence_of_its_workers(bool workersPauseToo)
    {
        var master = await _test.StartReady("--worker-timeout", "1");
        var paused = master.Family.Where(process => workersPauseToo || process.Pid == master.Pid).ToArray();

        foreach (var process in paused) process.Send(UnixSignal.Stop);
        var since = System.Diagnostics.Stopwatch.StartNew();
        await Eventually.TrueAsync(() => since.Elapsed > TimeSpan.FromSeconds(3), "several timeouts are over");
        foreach (var process in paused) process.Send(UnixSignal.Cont);

        // A worker takes as long to start as a few looks do.
        master.Send(UnixSignal.Ttin);
        await master.LineAsync("worker 2 .* is ready");
        Assert.StartsWith("fake ", await MasterUnderTest.AskAsync(master));
        Assert.DoesNotContain("no sign of life", master.ErrorText);
        Assert.DoesNotContain("has left", master.ErrorText);
    }

    [Fact]
    public async Task A_worker_is_not_judged_as_long_as_a_debugger_holds_it()
    {
        Assert.SkipWhen(SystemPrograms.Find("strace") is null, "strace is not installed");
        var master = await _test.StartReady("--worker-timeout", "1");
        var (victim, other) = (Pid(await master.LineAsync("worker 0 .* is ready")), Pid(await master.LineAsync("worker 1 .* is ready")));
        var strace = _test.Keep(ProgramUnderTest.Start("strace", ["-o", "/dev/null", "-p", $"{victim}"]));
        await Eventually.TrueAsync(() => strace.HasExited || StarletNet.Master.Stacks.KernelThread.TracerOf(victim) == strace.Pid, "it holds the worker", strace.Describe);
        Assert.SkipWhen(strace.HasExited, $"this system lets nobody trace: {strace.ErrorText}");

        ProcessEntry.Read(victim)!.Send(UnixSignal.Stop);
        await master.LineAsync($"worker with pid {victim} gives no sign of life, and process {strace.Pid} debugs it: it is left alone");

        // Long enough to be condemned, as shows by another.
        ProcessEntry.Read(other)!.Send(UnixSignal.Stop);
        await master.LineAsync($@"worker 1 \(pid {other}\) has left: signal KILL");
        Assert.DoesNotContain($"(pid {victim}) is to be replaced", master.ErrorText);
        Assert.Contains(master.Family, process => process.Pid == victim);

        // The debugger goes, and leaves it stopped.
        strace.Send(UnixSignal.Term);
        await strace.ExitAsync();
        await master.LineAsync($@"worker 0 \(pid {victim}\) is to be replaced: it gives no sign of life");
    }

    [Fact]
    public async Task Usr1_with_a_spawn_interval_stops_worker_after_worker()
    {
        var master = _test.Run(["-l", "127.0.0.1:0", "-w", "3", "--spawn-interval", "0.5", _test.Application, _test.Behaviour]);
        await master.LineAsync("serving .* with the first of 3 workers; another one each 0.5 s");
        foreach (var slot in new[] { 0, 1, 2 }) await master.LineAsync($"worker {slot} .* is ready");
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

        _ = LibC.kill(victim, 9);

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

    /// <summary>Ten seconds: no option makes that less.</summary>
    [Fact]
    public async Task An_exit_command_that_does_not_end_is_killed_with_all_that_it_has_started()
    {
        const string Command = "test $STARLETNET_WORKER_REASON = died || exit 0; sleep 1000 & echo \"started: $$ $!\"; wait";
        var master = await _test.StartReady("--child-exit", Command);
        var victim = Pid(await master.LineAsync("worker 1 .* is ready"));

        _ = LibC.kill(victim, 9);

        var started = (await master.LineAsync(@"^started: \d+ \d+$")).Text.Split(' ')[1..].Select(int.Parse).ToArray();
        Assert.Equal(started, master.Family.Select(process => process.Pid).Intersect(started).Order());
        await master.LineAsync("warning: the command of --child-exit failed: it had not ended after 10 s, and was killed");
        await Eventually.TrueAsync(() => !master.Family.Any(process => started.Contains(process.Pid)), "neither the shell nor what it started is there", master.Describe);
        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.Single(master.Lines, line => line.Text.Contains("--child-exit", StringComparison.Ordinal));
        await master.NothingLeftAsync();
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
