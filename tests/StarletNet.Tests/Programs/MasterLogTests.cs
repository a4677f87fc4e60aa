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
}
