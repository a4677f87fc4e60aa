using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using StarletNet.TestKit;
using Tmds.Linux;

namespace StarletNet.EndToEnd.Tests;

/// <summary>WebSockets across deploys and stops, with <c>--drain-websockets</c>.</summary>
public sealed class LongLivedConnectionTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    private string Control => _scratch.File("control");

    [Fact]
    public async Task A_deploy_leaves_WebSockets_where_they_are_and_a_stop_does_not()
    {
        var releases = new Releases(_scratch);
        string Release(string version) => releases.StarletNet(version, "--max-workers=1 --drain-websockets=10m --drain-keepalive=0.5");
        using var service = new Service(_scratch, Transport.Tcp, Release("v1"), null, "--control", Control);
        await service.FirstGenerationAsync();
        using var first = await Echo.ConnectAsync(service.Target);
        SymbolicLink.Switch(_scratch.File("program"), Release("v2"));

        var deployed = await ClientAsync("--restart");
        Assert.Matches(@"generation 1 \(pid [0-9]+\) keeps 1 long-lived connection\ngeneration 2 serves [^\n]*; 1 long-lived connection may stay with older generations \(--drain-websockets\)\n?$", deployed);
        Assert.Equal("hello from version v2\n", await Browser.GetAsync(service.Target, "/"));
        await first.EchoesAsync("after one deploy");
        Assert.Matches(@"\n1 +[0-9]+ +lingering, 1 connection +", await ClientAsync("--list"));

        using var second = await Echo.ConnectAsync(service.Target);
        SymbolicLink.Switch(_scratch.File("program"), Release("v3"));
        using var ended = JsonDocument.Parse((await ClientAsync("--restart", "--json")).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
        Assert.Equal(("done", 2), (ended.RootElement.GetProperty("outcome").GetString(), ended.RootElement.GetProperty("lingering").GetInt32()));
        Assert.Equal("hello from version v3\n", await Browser.GetAsync(service.Target, "/"));
        await first.EchoesAsync("after two");
        await second.EchoesAsync("after one");

        // The last client of the oldest generation goes, and the generation with it.
        await first.CloseAsync();
        await Eventually.TrueAsync(() => service.Generations.SequenceEqual([2, 3]), "generation 1 has ended", service.Program.Describe);
        using var list = JsonDocument.Parse(await ClientAsync("--list", "--json"));
        Assert.Equal(["lingering 1", "current 0"], list.RootElement.GetProperty("generations").EnumerateArray()
            .Select(row => $"{row.GetProperty("state").GetString()} {(row.TryGetProperty("connections", out var connections) ? connections.GetInt32() : 0)}"));

        // By pid and status file it returns while they stay, too.
        using (var byFiles = ProgramUnderTest.Start(Artifacts.StartServer, ["--restart", $"--pid-file={_scratch.File("pid")}", $"--status-file={_scratch.File("status")}"]))
            Assert.True(await byFiles.ExitAsync() == new ProgramExit(0, null), byFiles.Describe());
        await second.EchoesAsync("after three deploys");
        Assert.Contains(2, service.Generations);

        using var third = await Echo.ConnectAsync(service.Target);
        service.Program.Send(UnixSignal.Term);
        // The application's own goodbye, at once: ten minutes have not passed.
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await second.GoodbyeAsync());
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await third.GoodbyeAsync());
        Assert.Equal(new ProgramExit(0, null), await service.Program.ExitAsync());
        await service.Program.NothingLeftAsync(Control);
    }

    /// <summary>
    /// The kernel keeps one pending TERM: that of the deploy. The generation, held by a signal meanwhile, never sees that of the stop.
    /// </summary>
    [Fact]
    public async Task A_stop_whose_signal_was_lost_behind_that_of_a_deploy_is_told_again()
    {
        var release = new Releases(_scratch).StarletNet("v1", "--max-workers=1 --drain-websockets=10m --drain-keepalive=0.5");
        using var service = new Service(_scratch, Transport.Tcp, release);
        await service.FirstGenerationAsync();
        using var client = await Echo.ConnectAsync(service.Target);
        var first = Assert.Single(service.Program.Family, process => process.Parent == service.Program.Pid).Pid;
        Assert.Equal(0, LibC.kill(first, (int)UnixSignal.Stop));
        service.Program.Send(UnixSignal.Hup);
        await service.Program.LineAsync("^killing old workers$");
        service.Program.Send(UnixSignal.Term);
        await service.Program.LineAsync("^received TERM, sending TERM to all workers");
        Assert.Equal(0, LibC.kill(first, (int)UnixSignal.Cont));

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await client.GoodbyeAsync());
        Assert.Equal(new ProgramExit(0, null), await service.Program.ExitAsync());
        Assert.Contains(service.Program.Lines, line => line.Text.Contains("long-lived connections are told to go", StringComparison.Ordinal));
        await service.Program.NothingLeftAsync();
    }

    [Fact]
    public async Task A_restart_of_a_starletnet_on_its_own_is_a_deploy_and_a_plain_TERM_is_a_stop()
    {
        using var service = new StarletNetService(_scratch, Listening.On(Transport.Tcp, _scratch), Path.GetDirectoryName(Releases.TestApp)!, 1,
            "--drain-websockets=10m", "--drain-keepalive=0.5");
        await service.AllWorkersAsync();
        using var client = await Echo.ConnectAsync(service.Target);
        var pid = await Browser.GetAsync(service.Target, "/pid");
        var mark = service.Program.Mark;
        service.Program.Send(UnixSignal.Hup);
        await service.Program.LineAsync("restart done", mark);
        // The old worker may take one more connection before it has read that it is to drain.
        await Eventually.TrueAsync(() => Browser.GetAsync(service.Target, "/pid").GetAwaiter().GetResult() != pid, "a new worker answers", service.Program.Describe);
        await client.EchoesAsync("after a restart");

        service.Program.Send(UnixSignal.Term);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await client.GoodbyeAsync());
        Assert.Equal(new ProgramExit(0, null), await service.Program.ExitAsync());
        await service.Program.NothingLeftAsync();
    }

    private async Task<string> ClientAsync(string command, params string[] more)
    {
        using var client = ProgramUnderTest.Start(Artifacts.StartServer, [command, $"--control={Control}", .. more]);
        Assert.True(await client.ExitAsync() == new ProgramExit(0, null), client.Describe());
        return client.OutputText;
    }

    /// <summary>A client of the test application's echo.</summary>
    private sealed class Echo : IDisposable
    {
        private readonly ClientWebSocket _socket = new();
        private readonly CancellationTokenSource _deadline = new(TimeSpan.FromMinutes(5));

        internal static async Task<Echo> ConnectAsync(Target target)
        {
            var client = new Echo();
            await client._socket.ConnectAsync(new Uri($"ws://{target.HostHeader}/ws"), client._deadline.Token);
            await client.EchoesAsync("hello");
            return client;
        }

        internal async Task EchoesAsync(string text)
        {
            await _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, _deadline.Token);
            var (received, echo) = await ReceiveAsync();
            Assert.Equal((WebSocketMessageType.Text, text), (received.MessageType, echo));
        }

        internal Task CloseAsync() => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _deadline.Token);

        internal async Task<WebSocketCloseStatus?> GoodbyeAsync()
        {
            Assert.Equal(WebSocketMessageType.Close, (await ReceiveAsync()).Received.MessageType);
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _deadline.Token);
            return _socket.CloseStatus;
        }

        public void Dispose()
        {
            _socket.Dispose();
            _deadline.Dispose();
        }

        private async Task<(WebSocketReceiveResult Received, string Text)> ReceiveAsync()
        {
            var buffer = new byte[256];
            var received = await _socket.ReceiveAsync(buffer, _deadline.Token);
            return (received, Encoding.UTF8.GetString(buffer, 0, received.Count));
        }
    }
}
