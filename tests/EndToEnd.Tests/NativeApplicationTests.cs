using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>
/// An application that starletnet cannot add itself to, and that has the package StarletNet.Hosting. It is published trimmed, into a single
/// file; with <c>STARLETNET_PACKAGED_AS=native</c> as native code, which takes the compiler more than a minute.
/// </summary>
public sealed class NativeApplicationTests
{
    private readonly int _port = FreePort.Next();

    private Target Target => Target.Tcp(_port);

    private static string Application
    {
        get
        {
            var kind = Environment.GetEnvironmentVariable("STARLETNET_PACKAGED_AS") ?? "trimmed";
            var directory = Artifacts.PackagedApp("NativeApp", kind);
            Assert.SkipWhen(directory is null, $"what an application needs to be published {kind} does not restore here");
            return Path.Combine(directory, "NativeApp");
        }
    }

    [Fact]
    public async Task It_serves_in_workers_that_drain_and_are_replaced()
    {
        var application = Application;
        using var master = ProgramUnderTest.Start(Artifacts.StarletNet, [$"--listen=127.0.0.1:{_port}", "--max-workers=2", application]);
        await master.LineAsync("serving .* with 2 workers");
        Assert.Matches("^native in worker [01]$", await Browser.GetAsync(Target, "/"));
        Assert.DoesNotMatch("STARLETNET_(WORKER_LISTEN|CONTROL|RESTORE)|STARTUP_HOOKS", await Browser.GetAsync(Target, "/environment"));
        var before = await Browser.GetAsync(Target, "/pid");

        var running = Browser.GetAsync(Target, "/slow");
        var mark = master.Mark;
        master.Send(UnixSignal.Hup);
        Assert.Equal("slow", await running);
        foreach (var slot in new[] { 0, 1 }) await master.LineAsync($"worker {slot} .*generation 2\\) is ready", mark);
        await Eventually.TrueAsync(() => ProcessEntry.Read(int.Parse(before)) is null, "the former worker has left", master.Describe);
        Assert.Matches("^native in worker [01]$", await Browser.GetAsync(Target, "/"));

        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync();
    }

    [Fact]
    public async Task Started_by_itself_it_is_what_it_was()
    {
        using var program = ProgramUnderTest.Start(Application, [$"--urls=http://127.0.0.1:{_port}"]);
        await Browser.ServingAsync(Target, program);
        Assert.Equal("native in worker none", await Browser.GetAsync(Target, "/"));
        Assert.Equal(0, (await program.StopAsync()).Code);
    }
}
