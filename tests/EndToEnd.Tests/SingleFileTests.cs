using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>An application in one file, as <c>dotnet publish -p:PublishSingleFile=true</c> makes it, and with nothing of ours in it.</summary>
public sealed class SingleFileTests
{
    [Fact]
    public async Task It_is_served_and_replaced_as_it_is()
    {
        var application = Artifacts.SingleFile("TestApp");
        Assert.False(File.Exists(application + ".dll"), "that is more than one file");
        var port = FreePort.Next();
        var target = Target.Tcp(port);
        using var master = ProgramUnderTest.Start(Artifacts.StarletNet, [$"--listen=127.0.0.1:{port}", "--max-workers=2", application]);
        await master.LineAsync("serving .* with 2 workers");
        Assert.StartsWith("hello from version", await Browser.GetAsync(target, "/"));
        var before = await Browser.GetAsync(target, "/pid");

        var running = Browser.GetAsync(target, "/slow?ms=500");
        var mark = master.Mark;
        master.Send(UnixSignal.Hup);
        await running;
        foreach (var slot in new[] { 0, 1 }) await master.LineAsync($"worker {slot} .*generation 2\\) is ready", mark);
        await Eventually.TrueAsync(() => ProcessEntry.Read(int.Parse(before)) is null, "the former worker has left", master.Describe);
        Assert.StartsWith("hello from version", await Browser.GetAsync(target, "/"));

        Assert.Equal(0, (await master.StopAsync()).Code);
        await master.NothingLeftAsync();
    }
}
