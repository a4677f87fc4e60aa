using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

/// <summary>What ps(1) shows.</summary>
public sealed class TitleTests : IDisposable
{
    private readonly MasterUnderTest _test = new();

    public void Dispose() => _test.Dispose();

    private static string CommandLine(int pid) => File.ReadAllText($"/proc/{pid}/cmdline");

    [Fact]
    public async Task The_master_says_what_it_does()
    {
        var master = await _test.StartReady();
        var name = (await master.LineAsync("listening on")).Text.Split(' ')[^1];

        // Until its first zero; so no padding is shown.
        await Eventually.TrueAsync(() => CommandLine(master.Pid).TrimEnd('\0') == $"starletnet master [{name}] gen=1 workers=2/2", "the title", () => CommandLine(master.Pid));
        master.Send(UnixSignal.Hup);
        await Eventually.TrueAsync(() => CommandLine(master.Pid).TrimEnd('\0') == $"starletnet master [{name}] gen=2 workers=2/2", "the title", () => CommandLine(master.Pid));
        // What the master itself needs of its arguments it has elsewhere.
        Assert.All(master.Family.Where(process => process.Parent == master.Pid), worker => Assert.EndsWith(_test.Behaviour, worker.Command));
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    [Fact]
    public async Task A_title_that_is_longer_than_the_command_line_is_cut()
    {
        var script = _test.Write("s", $"#!/bin/sh\ncd {_test.File("app")} && export STARLETNET_LISTEN='127.0.0.1:0;@{new string('x', 60)}-{Guid.NewGuid():N}' STARLETNET_MAX_WORKERS=1 PATH=\"{_test.File("bin")}:$PATH\" && exec starletnet FakeWorker.dll {_test.Behaviour}\n", executable: true);
        var master = _test.Keep(ProgramUnderTest.Start(script, []));
        await master.LineAsync("serving");

        var shown = CommandLine(master.Pid).TrimEnd('\0');

        Assert.StartsWith("starletnet master [", shown);
        Assert.DoesNotContain("gen=", shown);
        Assert.Contains("TESTKIT_MARK=", File.ReadAllText($"/proc/{master.Pid}/environ"));
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    [Fact]
    public async Task Titles_can_be_left_alone()
    {
        var master = await _test.StartReady("--disable-proctitle");

        Assert.Contains("--disable-proctitle", CommandLine(master.Pid));
        Assert.All(master.Family.Where(process => process.Parent == master.Pid), worker => Assert.DoesNotContain("starletnet worker", worker.Command));
        Assert.Equal(0, (await master.StopAsync()).Code);
    }
}
