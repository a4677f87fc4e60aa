using System.Text.Json;
using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>The master's own log: its levels, its forms, its files.</summary>
public sealed class MasterLogTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task As_json_every_line_of_the_master_is_an_object()
    {
        var master = _test.Start("--log-format", "json");
        await master.LineAsync("\"RenderedMessage\":\"serving .* with 2 workers\"");
        Assert.Equal(0, (await master.StopAsync()).Code);

        // Workers write for themselves.
        Assert.DoesNotContain(master.Lines, line => line.Text.StartsWith("starletnet[", StringComparison.Ordinal));
        var events = master.Lines.Where(line => line.Text.StartsWith('{')).Select(line => JsonDocument.Parse(line.Text).RootElement).ToList();
        var last = events[^1];
        Assert.Equal("exiting with code 0", last.GetProperty("RenderedMessage").GetString());
        Assert.Equal(7, last.GetProperty("Properties").GetProperty("EventId").GetInt32());
        Assert.All(events, e => Assert.Equal(master.Pid, e.GetProperty("Properties").GetProperty("ProcessId").GetInt32()));
    }

    [Theory]
    [InlineData("STARLETNET_DEBUG", "1", true)]
    [InlineData("STARLETNET_LOG_LEVEL", "debug", true)]
    [InlineData("STARLETNET_DEBUG", "0", false)]
    public async Task With_debugging_each_event_of_the_pool_is_told_and_workers_tell_too(string variable, string value, bool debugs)
    {
        _test.Behave("environment");
        var master = _test.Run(["-l", "127.0.0.1:0", "-w", "1", _test.Application, _test.Behaviour],
            new ProgramOptions { Environment = new Dictionary<string, string> { [variable] = value } });
        await master.LineAsync("serving .* with 1 workers");
        master.Send(UnixSignal.Ttin);
        await master.LineAsync("2 workers from now on");
        Assert.Equal(0, (await master.StopAsync()).Code);

        foreach (var expected in new[] { "debug: the pool hears: WorkerReady { Id = 1 }", "debug: worker with pid ", "debug: signal TTIN", "debug: the pool does: Drain { Id = 1, " })
            Assert.Equal(debugs, master.ErrorText.Contains(expected, StringComparison.Ordinal));
        Assert.Equal(debugs, master.Lines.Any(line => line.Text == "env STARLETNET_WORKER_DEBUG=1"));
    }

    [Theory]
    [InlineData("debug", true)]
    [InlineData("information", false)]
    public async Task That_an_option_has_no_effect_is_for_those_who_look_closely(string level, bool isThere)
    {
        var master = await _test.StartReady("--main-process-delay", "0.1", "--log-level", level);

        Assert.Equal(isThere, master.Lines.Any(line => line.Text.EndsWith("debug: --main-process-delay has no effect here", StringComparison.Ordinal)));
        Assert.Equal(isThere, master.ErrorText.Contains("--main-process-delay", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_a_worker_that_failed_to_start_it_tells_what_it_has_used()
    {
        _test.Behave("crash");
        var master = _test.Start("--boot-failure-limit", "1");

        await master.LineAsync(@"failed to start: exit code 3; what the application printed says why; \d+\.\d s of CPU, at most [1-9]\d* MB$");
        Assert.Equal(1, (await master.ExitAsync()).Code);
    }

    [Fact]
    public async Task Files_of_its_own_hold_all_events_with_their_time()
    {
        var directory = Directory.CreateDirectory(_test.File("logs")).FullName;
        var master = await _test.StartReady("--master-log", Path.Combine(directory, "master.log"));
        Assert.Equal(0, (await master.StopAsync()).Code);

        var file = Assert.Single(Directory.GetFiles(directory));
        Assert.Matches(@"^master\d{8}\.log$", Path.GetFileName(file));
        var lines = File.ReadAllLines(file);
        // From the first, which came before the file could be opened, to the last; and all of them are on stderr as well.
        Assert.Contains(lines, line => line.Contains("listening on", StringComparison.Ordinal));
        Assert.EndsWith("exiting with code 0", lines[^1]);
        Assert.All(lines, line => Assert.Matches($@"^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}[+-]\d\d:\d\d {master.Pid} ", line));
        Assert.All(lines, line => Assert.Contains(master.Lines, said => said.Text == $"starletnet[{master.Pid}]: {Regex.Replace(line, @"^\S+ \S+ ", "")}"));
    }

    [Fact]
    public async Task They_are_objects_as_well_if_stderr_is_and_only_so_many_stay()
    {
        // Of days that are over.
        foreach (var day in new[] { "20010101", "20010102", "20010103" }) _test.Write($"master{day}.log", "");
        var master = await _test.StartReady("--log-format", "json", "--master-log", _test.File("master.log"), "--master-log-keep", "2");
        Assert.Equal(0, (await master.StopAsync()).Code);

        var files = Directory.GetFiles(Path.GetDirectoryName(_test.File("x"))!, "master*.log").Order(StringComparer.Ordinal).ToArray();
        Assert.Equal("master20010103.log", Path.GetFileName(files[0]));
        var written = File.ReadAllLines(Assert.Single(files[1..]));
        Assert.Equal("exiting with code 0", JsonDocument.Parse(written[^1]).RootElement.GetProperty("RenderedMessage").GetString());
        Assert.All(written, line => Assert.Contains(master.Lines, said => said.Text == line));
    }

    [Fact]
    public async Task What_is_less_important_is_left_out()
    {
        var master = _test.Start("--log-level", "warning");
        await master.LineAsync("fake 1 gen=1 .* ready");
        Assert.Equal(0, (await master.StopAsync()).Code);

        Assert.DoesNotContain(master.Lines, line => line.Text.StartsWith("starletnet[", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_directory_that_is_not_there_ends_the_start()
    {
        var master = _test.Start("--quiet", "--master-log", "/nowhere/master.log");

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.Contains("cannot write the master's log /nowhere/master.log: /nowhere: No such file or directory", Assert.Single(master.Lines).Text);
    }

    [Fact]
    public async Task A_directory_is_no_log()
    {
        var master = _test.Start("--quiet", "--master-log", _test.File("app"));

        Assert.Equal(1, (await master.ExitAsync()).Code);
        Assert.EndsWith($"cannot write the master's log {_test.File("app")}: it is a directory; give the name of a file in it", Assert.Single(master.Lines).Text);
    }
}
