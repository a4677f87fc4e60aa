using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>What the program says to an operator who errs.</summary>
public sealed class HintTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private static int Pid(string answer) => int.Parse(Regex.Match(answer, @"pid=(\d+)").Groups[1].Value);

    [Fact]
    public async Task An_option_behind_the_application_is_warned_of_once_and_reaches_the_application()
    {
        var master = _test.Run(["-l", "127.0.0.1:0", "-w", "2", _test.Application, _test.Behaviour, "-p", "80", "--listen", "81"]);
        await master.LineAsync("serving .* with 2 workers");

        Assert.Single(master.ErrorText.Split('\n'), line => line.Contains("goes to the application", StringComparison.Ordinal));
        Assert.Contains($"warning: -p behind {_test.Application} goes to the application", master.ErrorText);
        var worker = Pid(await MasterUnderTest.AskAsync(master));
        Assert.EndsWith($"\0{_test.Behaviour}\0-p\080\0--listen\081\0", File.ReadAllText($"/proc/{worker}/cmdline"), StringComparison.Ordinal);
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    [Fact]
    public async Task A_socket_for_each_worker_is_said_to_be_nothing_where_there_is_one_worker()
    {
        var one = _test.Run(["--reuse-port", "-w", "1", "-l", "127.0.0.1:0", _test.Application, _test.Behaviour]);
        await one.LineAsync("serving");
        Assert.Contains("warning: --reuse-port: with one worker there is one socket, so it changes nothing", one.ErrorText);

        var two = _test.Run(["--reuse-port", "-w", "2", "-l", "127.0.0.1:0", _test.Application, _test.Behaviour]);
        await two.LineAsync("serving");
        Assert.DoesNotContain("--reuse-port", two.ErrorText);
    }

    [Fact]
    public async Task Several_masters_are_listed_with_their_applications_and_addresses()
    {
        var masters = new[] { await _test.StartReady(), await _test.StartReady() };
        var addresses = new List<string>();
        foreach (var master in masters) addresses.Add((await master.LineAsync("listening on ")).Text.Split(' ')[^1]);

        var status = _test.Run(["status"]);

        Assert.Equal(2, (await status.ExitAsync()).Code);
        // Other tests' masters may be among them.
        Assert.StartsWith("starletnet: there are several: give one of the pids\n  ", status.ErrorText, StringComparison.Ordinal);
        for (var index = 0; index < masters.Length; index++)
            Assert.Contains($"\n  {masters[index].Pid}  {_test.Application} on {addresses[index]}", status.ErrorText);
    }

    [Fact]
    public async Task A_worker_that_an_operator_kills_is_not_said_to_be_killed_for_its_memory()
    {
        var master = await _test.StartReady();
        var worker = Pid(await MasterUnderTest.AskAsync(master));
        _ = LibC.kill(worker, 9);

        var died = await master.LineAsync($"pid {worker}\\) died");
        Assert.Contains("signal KILL, ", died.Text);
        Assert.DoesNotContain("out-of-memory", died.Text);
    }

    [Theory]
    [InlineData("there is no application 'staus'; if status is meant, write starletnet status [PID]", "staus")]
    [InlineData("there is no application 'stop'; starletnet has no such command", "-w", "2", "stop")]
    [InlineData("unknown option --prot; did you mean --port?", "--prot", "80", "app.dll")]
    [InlineData("cannot read the configuration file /dev/zero: it is no regular file", "--config", "/dev/zero", "app.dll")]
    public async Task What_cannot_be_meant_is_refused_with_what_may_be(string says, params string[] words)
    {
        var master = _test.Run(words);

        Assert.Equal(2, (await master.ExitAsync()).Code);
        Assert.StartsWith($"starletnet: {says}", master.ErrorText, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', master.ErrorText);
    }
}
