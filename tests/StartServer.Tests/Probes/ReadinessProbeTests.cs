using System.Net;
using System.Net.Sockets;
using System.Text;
using StarletNet.Shared.Errors;
using StarletNet.TestKit;
using StartServer.Probes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Probes;

public sealed class ReadinessProbeTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080/up?g=1", "127.0.0.1", 8080, null, "/up?g=1")]
    [InlineData("HTTP://app", "app", 80, null, "/")]
    [InlineData("http://[::1]:81/", "::1", 81, null, "/")]
    [InlineData("http://[::1]/", "::1", 80, null, "/")]
    [InlineData("http://unix:/run/app.sock:/up", null, 0, "/run/app.sock", "/up")]
    [InlineData("http://unix:/run/app.sock", null, 0, "/run/app.sock", "/")]
    [InlineData("http://unix:/run/app.sock:/up:1", null, 0, "/run/app.sock", "/up:1")]
    [InlineData("tcp://localhost:5432", "localhost", 5432, null, null)]
    [InlineData("tcp://unix:app.sock", null, 0, "app.sock", null)]
    public void Every_form_is_read(string text, string? host, int port, string? path, string? target) =>
        Assert.Equal(new AddressProbe(text, host, port, path, target), ReadinessProbe.Parse(text));

    [Theory]
    [InlineData("TCP")]
    [InlineData("tcp")]
    public void Tcp_alone_asks_our_listener(string text) => Assert.IsType<AcceptProbe>(ReadinessProbe.Parse(text));

    [Theory]
    [InlineData("https://x/")]
    [InlineData("8080")]
    [InlineData("")]
    [InlineData("http://")]
    [InlineData("http://:80/")]
    [InlineData("http://x:0/")]
    [InlineData("http://x:70000/")]
    [InlineData("http://x:a/")]
    [InlineData("http://x/a b")]
    [InlineData("http://x/a\r\nHost: y")]
    [InlineData("http://unix:")]
    [InlineData("http://unix:/s:up")]
    [InlineData("tcp://x")]
    [InlineData("tcp://x:1/up")]
    public void Anything_else_is_refused_as_usage(string text)
    {
        var error = Assert.Throws<OperatorException>(() => ReadinessProbe.Parse(text));
        Assert.Equal(ExitCodes.StartServerUsage, error.ExitCode);
        Assert.StartsWith($"invalid ``ready-probe'' value:{text}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generation_and_pid_are_filled_in() => Assert.Equal(
        new AddressProbe("http://unix:/run/7.101:/up?7%20", null, 0, "/run/7.101", "/up?7%20"),
        Assert.IsType<AddressProbe>(ReadinessProbe.Parse("http://unix:/run/%g.%p:/up?%g%20")).For(7, 101));

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nfine", "Answered", "answered 200")]
    [InlineData("HTTP/1.0 302 Found\r\n\r\n", "Answered", "answered 302")]
    [InlineData("HTTP/1.1 200\n", "Answered", "answered 200")]
    [InlineData("HTTP/1.1 421 Misdirected Request\r\n\r\n", "Misdirected", "answered 421")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\n\r\n", "Failed", "answered 503")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n", "Failed", "answered 100")]
    [InlineData("SSH-2.0-OpenSSH\r\n", "Failed", "the answer is not HTTP")]
    [InlineData("HTTP/1.1 200", "Failed", "the answer is not HTTP")]
    [InlineData("", "Failed", "the connection was closed without an answer")]
    public async Task The_status_decides(string answer, string outcome, string detail)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var text = $"http://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/up";
        var asked = Task.Run(() => ProbeRequest.Ask(ReadinessProbe.Parse(text), []));
        using (var client = await listener.AcceptTcpClientAsync().WaitAsync(Deadlines.Event))
        {
            var request = new StringBuilder();
            var buffer = new byte[1024];
            while (!request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                request.Append(Encoding.ASCII.GetString(buffer, 0, await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Deadlines.Event)));
            Assert.StartsWith($"GET /up HTTP/1.1\r\nHost: localhost:{((IPEndPoint)listener.LocalEndpoint).Port}\r\n", request.ToString(), StringComparison.Ordinal);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer));
        }
        Assert.Equal(new ProbeAnswer(Enum.Parse<ProbeOutcome>(outcome), $"{text}: {detail}"), await asked.WaitAsync(Deadlines.Event));
    }

    [Fact]
    public void Nobody_there_is_said()
    {
        var text = $"tcp://127.0.0.1:{FreePort.Next()}";
        Assert.Equal(new ProbeAnswer(ProbeOutcome.Failed, $"{text}: Connection refused"), ProbeRequest.Ask(ReadinessProbe.Parse(text), []));
        using var scratch = new ScratchDirectory();
        var unix = $"http://unix:{scratch.File("none")}:/";
        Assert.Equal(new ProbeAnswer(ProbeOutcome.Failed, $"{unix}: No such file or directory"), ProbeRequest.Ask(ReadinessProbe.Parse(unix), []));
    }

    [Fact]
    public async Task Tcp_alone_waits_until_somebody_takes_the_connection()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        listener.Listen();
        var asked = Task.Run(() => ProbeRequest.Ask(ReadinessProbe.Parse("tcp"), [(int)listener.Handle]));
        // Several looks later it still waits: the kernel has made the connection, but nobody has taken it.
        await Task.Delay(300);
        Assert.False(asked.IsCompleted);
        using var taken = await listener.AcceptAsync().WaitAsync(Deadlines.Event);
        Assert.Equal(ProbeOutcome.Answered, (await asked.WaitAsync(Deadlines.Event)).Outcome);
    }
}
