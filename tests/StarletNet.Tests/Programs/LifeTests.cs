using System.Net.Sockets;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

public sealed class LifeTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private static int Pid(OutputLine line) => int.Parse(System.Text.RegularExpressions.Regex.Match(line.Text, @"pid[ =](\d+)").Groups[1].Value);

    [Fact]
    public async Task It_serves_with_its_workers_and_leaves_nothing_behind_on_term()
    {
        var master = await _test.StartReady();

        Assert.StartsWith("fake ", await MasterUnderTest.AskAsync(master));
        Assert.Equal(new ProgramExit(0, null), await master.StopAsync());
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task Each_worker_has_a_title_and_a_process_group_of_its_own()
    {
        var master = await _test.StartReady();

        var workers = master.Family.Where(process => process.Parent == master.Pid).ToArray();

        Assert.Equal(2, workers.Length);
        Assert.All(workers, worker => Assert.Equal(worker.Pid, worker.Group));
        Assert.Equal([0, 1], workers.Select(worker => worker.Command.StartsWith("starletnet worker 0 gen=1 ", StringComparison.Ordinal) ? 0 : 1).Order());
    }

    [Fact]
    public async Task Master_and_workers_may_open_as_many_files_as_the_system_lets_them()
    {
        var master = _test.Keep(ProgramUnderTest.Start("sh",
            ["-c", "ulimit -Sn 256 && exec \"$0\" \"$@\"", _test.Executable, "-l", "127.0.0.1:0", "-w1", _test.Application, _test.Behaviour]));
        await master.LineAsync("serving ");
        // A worker's runtime does it once more; the master's does not.
        var processes = master.Family;

        Assert.Equal(2, processes.Count);
        Assert.All(processes, process =>
        {
            var limit = System.Text.RegularExpressions.Regex.Match(File.ReadAllText($"/proc/{process.Pid}/limits"), @"Max open files +(\d+) +(\d+)").Groups;
            Assert.NotEqual("256", limit[1].Value);
            Assert.Equal(limit[2].Value, limit[1].Value);
        });
    }

    [Fact]
    public async Task A_directory_that_has_been_removed_is_no_place_to_start_in()
    {
        Directory.CreateDirectory(_test.File("gone"));
        var script = _test.Write("run", $"#!/bin/sh\ncd {_test.File("gone")} && rmdir {_test.File("gone")} && exec {_test.Executable} {_test.Application}\n", executable: true);

        var master = _test.Keep(ProgramUnderTest.Start(script, []));

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Equal("starletnet: the current directory has been removed; start from one that is there", Assert.Single(master.Lines).Text);
    }

    [Fact]
    public async Task An_error_log_that_nobody_reads_ends_the_start()
    {
        var fifo = _test.File("fifo");
        var script = _test.Write("run", $"#!/bin/sh\nmkfifo {fifo} && exec {_test.Executable} --error-log {fifo} {_test.Application}\n", executable: true);

        var master = _test.Keep(ProgramUnderTest.Start(script, []));

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Equal($"starletnet: cannot write the error log {fifo}: No such device or address", Assert.Single(master.Lines).Text);
    }

    [Fact]
    public async Task Arguments_after_the_application_reach_it_untouched()
    {
        var master = _test.Run(["-l", "127.0.0.1:0", "-w1", _test.Application, _test.Behaviour, "--workers", "9", "a b", ""]);

        await master.LineAsync("begins: --workers 9 a b $");
    }

    [Fact]
    public async Task The_injected_assembly_runs_in_the_application_and_not_in_our_own_launcher()
    {
        var master = await _test.StartReady();

        var places = master.Lines.Where(line => line.Text.StartsWith("hook runs in ", StringComparison.Ordinal)).Select(line => line.Text).ToArray();

        Assert.Equal(2, places.Length);
        Assert.DoesNotContain(places, place => place.Contains("starletnet", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_is_killed_is_replaced_in_its_slot()
    {
        var master = await _test.StartReady();
        var victim = Pid(await master.LineAsync("worker 1 .* is ready"));
        var mark = master.Mark;

        Kill(victim);

        await master.LineAsync($@"worker 1 \(pid {victim}\) died after .* signal KILL", mark);
        await master.LineAsync(@"worker 1 .* is ready", mark);
        Assert.Equal(3, master.Family.Count);
    }

    [Fact]
    public async Task Hup_replaces_all_workers_and_follows_the_link_to_the_new_release()
    {
        _test.Release("r2");
        SymbolicLink.Switch(_test.File("current"), _test.File("app"));
        var master = _test.Run(["-l", "127.0.0.1:0", "-w", "2", _test.File("current/FakeWorker.dll"), _test.Behaviour]);
        await master.LineAsync("serving .* with 2 workers");

        SymbolicLink.Switch(_test.File("current"), _test.File("r2"));
        master.Send(UnixSignal.Hup);

        await master.LineAsync("restart done: all workers are of generation 2");
        await MasterUnderTest.AnsweredByAsync(master, 2);
        await Eventually.TrueAsync(() => !master.Family.Any(process => process.Command.Contains("/app/", StringComparison.Ordinal)), "old release is gone");
        Assert.Equal(2, master.Family.Count(process => process.Command.Contains(_test.File("r2/FakeWorker.dll"), StringComparison.Ordinal)));
        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task Started_in_a_linked_directory_a_restart_goes_where_the_link_leads_now()
    {
        _test.Release("r2");
        _test.Behave("environment");
        SymbolicLink.Switch(_test.File("current"), _test.File("app"));
        var script = _test.Write("run", $"#!/bin/sh\ncd {_test.File("current")} && exec {_test.Executable} -l 127.0.0.1:0 -w1 FakeWorker.dll {_test.Behaviour}\n", executable: true);
        var master = _test.Keep(ProgramUnderTest.Start(script, []));
        await master.LineAsync($"cwd {_test.File("app")}$");
        await master.LineAsync("serving");

        SymbolicLink.Switch(_test.File("current"), _test.File("r2"));
        master.Send(UnixSignal.Hup);

        await master.LineAsync($"cwd {_test.File("r2")}$");
        await master.LineAsync("restart done");
        Assert.Contains(master.Family, process => process.Command.Contains(_test.File("r2/FakeWorker.dll"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restart_with_a_broken_application_is_given_up_and_the_next_one_works()
    {
        var master = await _test.StartReady();

        _test.Behave("crash");
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart given up after 3 failures of generation 2");
        Assert.Contains("gen=1", await MasterUnderTest.AskAsync(master));

        _test.Behave("");
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart done: all workers are of generation 3");
        await MasterUnderTest.AnsweredByAsync(master, 3);
    }

    [Fact]
    public async Task A_restart_without_application_does_not_begin()
    {
        var master = await _test.StartReady();

        File.Move(_test.Application, _test.Application + ".away");
        master.Send(UnixSignal.Hup);
        await master.LineAsync("no restart: cannot find the application .*No such file.*the running workers go on serving");
        Assert.Contains("gen=1", await MasterUnderTest.AskAsync(master));

        File.Move(_test.Application + ".away", _test.Application);
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart done");
    }

    [Fact]
    public async Task Hups_in_a_row_end_in_the_newest_generation()
    {
        var master = await _test.StartReady();

        for (var i = 0; i < 5; i++)
        {
            master.Send(UnixSignal.Hup);
            await master.LineAsync($"restart: generation {i + 2} takes over");
        }

        await master.LineAsync("restart done: all workers are of generation 6");
        await MasterUnderTest.AnsweredByAsync(master, 6);
        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task A_first_set_that_crashes_ends_the_start_with_the_applications_own_words()
    {
        _test.Behave("crash");
        var master = _test.Start();

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("begins", master.OutputText);
        Assert.Contains("failed to start: exit code 3; what the application printed says why", master.ErrorText);
        Assert.Contains("giving up: 3 workers in a row failed to start", master.ErrorText);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task An_application_that_ends_with_0_is_told_to_be_no_web_host()
    {
        _test.Behave("exit");
        var master = _test.Start();

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("does not seem to run a web host", master.ErrorText);
    }

    [Fact]
    public async Task What_a_worker_says_of_its_failure_is_in_the_log()
    {
        _test.Behave("fail the database is away");
        var master = _test.Start();

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("failed to start: the database is away (exit code 4)", master.ErrorText);
    }

    [Fact]
    public async Task A_worker_that_hangs_before_it_is_ready_is_killed()
    {
        _test.Behave("hang");
        var master = _test.Start("--worker-boot-timeout", "0.5", "--boot-failure-limit", "1");

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("is not ready after 0.5 s (--worker-boot-timeout) and is killed. Not even its start-up hook has run;", master.ErrorText);
        Assert.Contains("it was not ready in time (signal KILL)", master.ErrorText);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task What_it_has_waited_for_is_said_when_its_time_is_over()
    {
        _test.Behave("unready /health (--ready-path) gives status 404");
        var master = _test.Start("--worker-boot-timeout", "3", "--boot-failure-limit", "1");

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("it was not ready in time: /health (--ready-path) gives status 404 (signal KILL)", master.ErrorText);
    }

    [Fact]
    public async Task One_that_can_only_enter_by_itself_and_does_not_is_told_how()
    {
        // Trimmed, with the package inside.
        var config = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(_test.File("app/FakeWorker.runtimeconfig.json")))!;
        config["runtimeOptions"]!["configProperties"] = new System.Text.Json.Nodes.JsonObject { ["System.StartupHookProvider.IsSupported"] = false };
        _test.Write("app/FakeWorker.runtimeconfig.json", config.ToJsonString());
        File.WriteAllBytes(_test.File("app/StarletNet.Hosting.dll"), System.Text.Encoding.Unicode.GetBytes("STARLETNET_WORKER_LISTEN"));
        _test.Behave("hang");
        var master = _test.Start("--worker-boot-timeout", "0.5", "--boot-failure-limit", "1");

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("and is killed. By then it has not called UseStarletNet(), which it must before Build()", master.ErrorText);
    }

    [Fact]
    public async Task Term_while_a_worker_hangs_before_it_is_ready_ends_soon()
    {
        _test.Behave("hang");
        var master = _test.Start();
        // On one processor the other one has not begun: one boots at a time.
        await master.LineAsync("fake 0 .* begins");

        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.Contains("should have left by now and is killed", master.ErrorText);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task An_interrupt_after_the_term_cuts_what_is_unfinished()
    {
        _test.Behave("slow");
        var master = await _test.StartReady();

        master.Send(UnixSignal.Term);
        await master.LineAsync("fake 0 .* hears drain");
        await master.LineAsync("fake 1 .* hears drain");
        await AskUntil(master, "give up what is unfinished", UnixSignal.Int);

        Assert.Equal(0, (await master.ExitAsync()).Code);
        Assert.Contains("hears abort", master.OutputText);
    }

    [Theory]
    [InlineData("starman", UnixSignal.Term, @"stopping fast \(signal TERM\); 2 workers give up what is unfinished", @"worker 0 \(pid \d+\) gives up what is unfinished: stop")]
    [InlineData("starman", UnixSignal.Int, @"stopping fast \(signal INT\); 2 workers give up what is unfinished", @"worker 0 \(pid \d+\) gives up what is unfinished: stop")]
    [InlineData("starman", UnixSignal.Quit, @"stopping gracefully \(signal QUIT\); 2 workers drain", @"worker 0 \(pid \d+\) drains: stop")]
    [InlineData("starlet", UnixSignal.Term, @"stopping gracefully \(signal TERM\); 2 workers drain", @"worker 0 \(pid \d+\) drains: stop")]
    public async Task The_log_says_what_a_stop_means_to_the_workers(string preset, UnixSignal signal, string stop, string worker)
    {
        var master = await _test.StartReady("--preset", preset, "-w", "2", "--spawn-interval", "0");

        master.Send(signal);

        await master.LineAsync(stop + "$");
        await master.LineAsync(worker + "$");
        Assert.Equal(0, (await master.ExitAsync()).Code);
        Assert.Equal(stop.Contains("fast", StringComparison.Ordinal), !master.ErrorText.Contains("drain", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("with all workers at once", "--preset", "starlet")]
    [InlineData("with all workers at once", "--surge", "3")]
    [InlineData("with 2 workers at a time", "--surge", "2")]
    [InlineData("worker by worker", "--surge", "1")]
    [InlineData("worker by worker", "--preset", "starlet", "--spawn-interval", "0.01")]
    public async Task The_log_says_how_many_workers_a_restart_takes_at_once(string how, params string[] options)
    {
        var master = _test.Start([.. options, "-w", "3"]);
        foreach (var slot in new[] { 0, 1, 2 }) await master.LineAsync($"worker {slot} .* is ready");

        master.Send(UnixSignal.Hup);

        await master.LineAsync($"restart: generation 2 takes over {how}$");
        await master.LineAsync("restart done");
    }

    [Fact]
    public async Task The_third_term_kills()
    {
        _test.Behave("stubborn");
        var master = await _test.StartReady("--graceful-timeout", "0");

        master.Send(UnixSignal.Term);
        await master.LineAsync("stopping gracefully");
        await AskUntil(master, "the workers are told to drain once more");
        await AskUntil(master, "the workers are killed");

        Assert.Equal(0, (await master.ExitAsync()).Code);
        Assert.Contains("the workers are killed", master.ErrorText);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task A_worker_that_never_leaves_is_killed_after_the_graceful_timeout()
    {
        _test.Behave("stubborn");
        var master = await _test.StartReady("--graceful-timeout", "0.1");

        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.Contains("should have left by now and is killed", master.ErrorText);
        await master.NothingLeftAsync();
    }

    [Theory]
    [InlineData(UnixSignal.Int)]
    [InlineData(UnixSignal.Quit)]
    [InlineData(UnixSignal.Usr1)]
    public async Task Int_quit_and_usr1_stop_gracefully_too(UnixSignal signal)
    {
        var master = await _test.StartReady();

        master.Send(signal);

        Assert.Equal(0, (await master.ExitAsync()).Code);
        Assert.Equal(2, master.Lines.Count(line => line.Text.EndsWith("hears drain", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(UnixSignal.Usr2)]
    [InlineData(UnixSignal.Winch)]
    public async Task Signals_without_a_meaning_are_logged_and_harm_nobody(UnixSignal signal)
    {
        var master = await _test.StartReady();

        master.Send(signal);

        await master.LineAsync($"signal {signal.ToString().ToUpperInvariant()} is ignored");
        Assert.StartsWith("fake ", await MasterUnderTest.AskAsync(master));
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    [Fact]
    public async Task Ttin_adds_and_ttou_removes_a_worker()
    {
        var master = await _test.StartReady();

        master.Send(UnixSignal.Ttin);
        await master.LineAsync("worker 2 .* is ready");
        master.Send(UnixSignal.Ttou);
        await master.LineAsync("worker 2 .* has left: exit code 0");
        await Eventually.TrueAsync(() => master.Family.Count == 3, "two workers are left");
    }

    [Fact]
    public async Task Workers_leave_when_their_master_is_killed()
    {
        var master = await _test.StartReady();

        master.Send(UnixSignal.Kill);

        await master.ExitAsync();
        Assert.Equal(2, master.Lines.Count(line => line.Text.EndsWith("hears the end", StringComparison.Ordinal)));
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task A_worker_that_leaves_by_itself_is_replaced()
    {
        var master = await _test.StartReady();
        _test.Behave("");
        var leaving = Pid(await master.LineAsync("worker 0 .* is ready"));
        var mark = master.Mark;

        // The fake worker knows no signals: it dies, where a real one would drain. Either way somebody takes its place.
        Kill(leaving, 15);

        await master.LineAsync("worker 0 .* is ready", mark);
    }

    private static void Kill(int pid, int signal = 9) => _ = LibC.kill(pid, signal);

    // Twice within a second is once, so it is asked until it counts.
    private static Task AskUntil(ProgramUnderTest master, string answer, UnixSignal signal = UnixSignal.Term) => Eventually.TrueAsync(() =>
    {
        if (!master.HasExited) master.Send(signal);
        return master.ErrorText.Contains(answer, StringComparison.Ordinal);
    }, answer, master.Describe);
}
