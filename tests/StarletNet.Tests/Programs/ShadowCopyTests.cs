using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.Master.Tests.Programs;

public sealed class ShadowCopyTests : IDisposable
{
    private readonly MasterUnderTest _test = new();
    private readonly string _copies;

    public ShadowCopyTests() => _copies = Directory.CreateDirectory(_test.File("copies")).FullName;

    public void Dispose() => _test.Dispose();

    private string[] Copies => Directory.GetDirectories(_copies);

    private string[] Options => ["--shadow-copy", "--shadow-dir", _copies];

    /// <summary>In the same file, as cp and dotnet publish do, so that whoever has it open or mapped sees it.</summary>
    private static void Overwrite(string file, byte[] content)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(0);
        stream.Write(content);
    }

    [Fact]
    public async Task Files_overwritten_in_place_concern_the_next_generation_only()
    {
        var good = File.ReadAllBytes(_test.Application);
        var master = await _test.StartReady(Options);
        var first = Assert.Single(Copies);

        Overwrite(_test.Application, [1, 2, 3]);
        var victim = int.Parse(Regex.Match((await master.LineAsync("worker 1 .* is ready")).Text, @"pid (\d+)").Groups[1].Value);
        var mark = master.Mark;
        Kill(victim);
        await master.LineAsync("worker 1 .* is ready", mark);
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart given up after 3 failures of generation 2");
        Assert.Contains("gen=1", await MasterUnderTest.AskAsync(master));
        await Eventually.TrueAsync(() => Copies is [var only] && only == first, "the copy that is of no use is gone");

        Overwrite(_test.Application, good);
        master.Send(UnixSignal.Hup);
        await master.LineAsync("restart done: all workers are of generation 3");
        await Eventually.TrueAsync(() => Copies is [var only] && only != first, "the old generation's copy is gone");

        Assert.Equal(0, (await master.StopAsync()).Code);
        Assert.Empty(Copies);
    }

    private static void Kill(int pid) => _ = LibC.kill(pid, 9);

    [Fact]
    public async Task A_worker_that_would_start_in_the_applications_directory_starts_in_the_copy()
    {
        _test.Behave("environment");
        Directory.CreateDirectory(_test.File("app/below"));
        SymbolicLink.Switch(_test.File("current"), _test.File("app"));
        foreach (var (directory, expected) in new[] { ("current", @"/copies/starletnet-copy-\w+"), ("app/below", @"/copies/starletnet-copy-\w+/below"), ("bin", "/bin") })
        {
            var master = _test.Run(["-l", "127.0.0.1:0", "-w1", "--content-root", _test.File(directory), .. Options, _test.Application, _test.Behaviour]);
            await master.LineAsync($"cwd .*{expected}$");
            Assert.Equal(0, (await master.StopAsync()).Code);
        }
    }

    [Fact]
    public async Task The_copy_of_a_master_that_was_killed_stays_for_its_workers_and_goes_at_the_next_start()
    {
        _test.Behave("stubborn");
        var killed = _test.Run(["-l", "127.0.0.1:0", "-w1", .. Options, _test.Application, _test.Behaviour]);
        await killed.LineAsync("serving");
        var left = Assert.Single(Copies);
        var worker = Assert.Single(killed.Family, process => process.Parent == killed.Pid).Pid;
        killed.Send(UnixSignal.Kill);
        await killed.ExitAsync();

        _test.Behave("");
        var second = _test.Run(["-l", "127.0.0.1:0", "-w1", .. Options, _test.Application, _test.Behaviour]);
        await second.LineAsync("serving");
        Assert.True(File.Exists(Path.Combine(left, "FakeWorker.dll")), "its worker is still there");
        Kill(worker);
        await Eventually.TrueAsync(() => !killed.Family.Any(process => process.Pid == worker), "the worker is gone");

        var third = _test.Run(["-l", "127.0.0.1:0", "-w1", .. Options, _test.Application, _test.Behaviour]);
        await third.LineAsync("removed 1 copies");
        await third.LineAsync("serving");
        Assert.False(Directory.Exists(left));
        Assert.Equal(2, Copies.Length);
        Assert.Equal(0, (await second.StopAsync()).Code);
        Assert.Equal(0, (await third.StopAsync()).Code);
        Assert.Empty(Copies);
    }

    [Fact]
    public async Task A_release_that_cannot_be_copied_ends_the_start_and_a_restart_only()
    {
        var refused = _test.Start("--shadow-copy", "--shadow-dir", _test.File("missing"));
        Assert.Equal(1, (await refused.ExitAsync()).Code);
        Assert.Contains("cannot make a copy in", refused.ErrorText);

        var master = await _test.StartReady(Options);
        Directory.Move(_copies, _copies + ".away");
        master.Send(UnixSignal.Hup);
        await master.LineAsync("no restart: cannot make a copy in .*the running workers go on serving");
        Assert.Contains("gen=1", await MasterUnderTest.AskAsync(master));
    }
}
