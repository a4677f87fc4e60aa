using System.Text.RegularExpressions;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>What is left in the log of a worker that gives no sign of life, before it is ended.</summary>
public sealed class StuckTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private static int Pid(OutputLine line) => int.Parse(Regex.Match(line.Text, @"pid[ =](\d+)").Groups[1].Value);

    [Theory]
    [InlineData("frozen", "FakeWorker.Ailing.EntersTheLock")]
    [InlineData("starved", "FakeWorker.Ailing.SleepsInThePool")]
    public async Task The_stacks_of_a_stuck_worker_are_written_down_before_it_is_ended(string how, string frame)
    {
        _test.Behave(how);
        var master = await _test.StartReady("--worker-timeout", "0.4");
        var victim = Pid(await master.LineAsync("worker 0 .* is ready"));
        // Its successor is to be well.
        _test.Behave("");

        if (how == "starved")
            await master.LineAsync($@"worker with pid {victim}: its thread pool \([1-9]\d* threads, \d+ items wait for one\) has not got round to anything for 0\.4 s");
        await master.LineAsync($@"worker 0 \(pid {victim}\) is to be replaced: it gives no sign of life");
        await master.LineAsync($@"^process {victim} has \d+ threads, \d+ of them with managed code$");
        await master.LineAsync($@"^    .*{Regex.Escape(frame)}$");
        await master.LineAsync("hears report");
        await master.LineAsync($@"worker 0 \(pid {victim}\) has left: signal ABRT");
        var lines = master.Lines.Select(line => line.Text).ToList();
        // Another serves before it goes, and its stacks are read before it goes.
        Assert.True(lines.FindIndex(line => line.Contains($"process {victim} has", StringComparison.Ordinal)) < lines.FindIndex(line => line.Contains($"(pid {victim}) has left", StringComparison.Ordinal)));
        Assert.Equal(2, lines.Take(lines.FindIndex(line => line.Contains($"(pid {victim}) has left", StringComparison.Ordinal))).Count(line => Regex.IsMatch(line, "worker 0 .* is ready after")));
    }

    [Fact]
    public async Task A_worker_that_got_quit_drains_when_its_stacks_have_been_written_down()
    {
        _test.Behave("got-quit");
        var master = await _test.StartReady("--worker-quit", "dump");
        var worker = Pid(await master.LineAsync("worker with pid \\d+ got QUIT"));

        await master.LineAsync($@"^process {worker} has \d+ threads, \d+ of them with managed code$");
        await master.LineAsync($@"fake 0 .*pid={worker} hears drain");
        await master.LineAsync($@"worker 0 \(pid {worker}\) drains by itself");
        var lines = master.Lines.Select(line => line.Text).ToList();
        Assert.True(lines.FindIndex(line => line.StartsWith($"process {worker} has", StringComparison.Ordinal)) < lines.FindIndex(line => line.Contains($"pid={worker} hears drain", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_worker_with_a_request_that_goes_on_after_it_was_cut_drains_when_its_stacks_have_been_written_down()
    {
        _test.Behave("overdue");
        var master = await _test.StartReady();
        var worker = Pid(await master.LineAsync(@"worker 0 \(pid \d+\) is to be replaced: a request goes on after it was cut"));
        // Its successor is to be well.
        _test.Behave("");

        await master.LineAsync($@"fake 0 .*pid={worker} hears report");
        await master.LineAsync($@"^process {worker} has \d+ threads, \d+ of them with managed code$");
        await master.LineAsync($@"worker 0 \(pid {worker}\) has left: exit code 0");
        var lines = master.Lines.Select(line => line.Text).ToList();
        Assert.True(lines.FindIndex(line => line.StartsWith($"process {worker} has", StringComparison.Ordinal)) < lines.FindIndex(line => line.Contains($"pid={worker} hears drain", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Of_one_that_is_stopped_the_kernel_tells()
    {
        var master = await _test.StartReady("--worker-timeout", "0.4");
        var victim = Pid(await master.LineAsync("worker 1 .* is ready"));

        _ = LibC.kill(victim, 19);

        await master.LineAsync($"^process {victim} is stopped by a signal: no thread of it runs$");
        await master.LineAsync(@"^(thread|\d+ threads) .*stopped by a signal");
        await master.LineAsync($@"worker 1 \(pid {victim}\) (should have left|has left)");
    }

    [Fact]
    public async Task Stacks_of_any_process_are_a_command_away()
    {
        using var test = ProgramUnderTest.Start(_test.Executable, ["stacks", $"{Environment.ProcessId}"]);
        Assert.Equal(0, (await test.ExitAsync()).Code);
        Assert.Matches(@"(?m)^    System\.Threading\.", test.OutputText);

        foreach (var (words, code, message) in new[]
        {
            (new[] { "stacks" }, 2, "write starletnet stacks PID"),
            (["stacks", "x"], 2, "write starletnet stacks PID"),
            (["stacks", "4194303"], 3, "there is no process 4194303"),
        })
        {
            var bad = _test.Run(words);
            Assert.Equal(code, (await bad.ExitAsync()).Code);
            Assert.Equal($"starletnet: {message}", bad.ErrorText);
        }
    }

    [Fact]
    public async Task Whoever_is_traced_is_known_to_be()
    {
        using var strace = ProgramUnderTest.Start("strace", ["-o", "/dev/null", "sleep", "60"]);
        await Eventually.TrueAsync(() => strace.Family.Any(process => process.Command == "sleep 60"), "it has begun", strace.Describe);

        Assert.Equal(strace.Pid, StarletNet.Master.Stacks.KernelThread.TracerOf(strace.Family.Single(process => process.Command == "sleep 60").Pid));
        Assert.Equal(0, StarletNet.Master.Stacks.KernelThread.TracerOf(strace.Pid));
        Assert.Equal(0, StarletNet.Master.Stacks.KernelThread.TracerOf(4194303));
    }

    [Fact]
    public async Task A_process_without_a_runtime_shows_what_the_kernel_knows()
    {
        using var sleeper = ProgramUnderTest.Start("sleep", ["60"]);
        var stacks = _test.Run(["stacks", $"{sleeper.Pid}"]);

        Assert.Equal(0, (await stacks.ExitAsync()).Code);
        Assert.StartsWith($"no managed stacks of process {sleeper.Pid}: it has no diagnostic port", stacks.OutputText);
        Assert.Contains($"thread {sleeper.Pid} (sleep, waiting", stacks.OutputText);
    }
}
