using System.Net;
using System.Net.Sockets;
using System.Text;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>What workers keep on the scoreboard, as the master tells it when they are gone.</summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class FiguresTests
{
    private readonly int _port = FreePort.Next();

    private Target Target => Target.Tcp(_port);

    [Fact]
    public async Task A_worker_that_leaves_is_credited_with_its_requests()
    {
        using var master = await StartAsync();
        for (var request = 0; request < 3; request++) await Browser.GetAsync(Target, "/");

        Assert.Equal(0, (await master.StopAsync()).Code);

        await master.LineAsync("worker 0 .* has left: exit code 0, 3 requests, ");
    }

    [Fact]
    public async Task A_worker_that_is_killed_leaves_word_of_what_it_did_not_finish()
    {
        using var master = await StartAsync();
        var pid = int.Parse(await Browser.GetAsync(Target, "/pid"));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET /sse HTTP/1.1\r\nHost: x\r\n\r\n"));
        Assert.NotEqual(0, await client.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Deadlines.Event));
        var before = master.Mark;

        ProcessEntry.Read(pid)!.Send(UnixSignal.Kill);

        await master.LineAsync("worker 0 .* died .* signal KILL, 1 requests and 1 unfinished, ");
        await master.LineAsync("worker 0 .* is ready", before);
        Assert.Equal(0, (await master.StopAsync()).Code);
    }

    private async Task<ProgramUnderTest> StartAsync()
    {
        var application = Path.Combine(Artifacts.TestApp("TestApp"), "TestApp.dll");
        var master = ProgramUnderTest.Start(Artifacts.StarletNet, [$"--listen=127.0.0.1:{_port}", "--max-workers=1", application]);
        await master.LineAsync("serving .* with 1 workers");
        return master;
    }
}
