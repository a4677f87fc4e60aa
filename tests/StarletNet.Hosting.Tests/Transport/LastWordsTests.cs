using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>
/// Clients that say what they have to say and close without waiting for an answer; a WebSocket client with its close frame, for one. The
/// kernel reports a reset behind their last bytes, or at our next send before they were received: they are read all the same.
/// </summary>
public sealed class LastWordsTests : IDisposable
{
    private TaskCompletionSource<string> _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ScratchDirectory _scratch = new();
    private RawClient? _client;

    public void Dispose()
    {
        _client?.Dispose();
        _scratch.Dispose();
    }

    private void Routes(WebApplication app)
    {
        app.MapGet("/", () => "hello");
        app.MapPost("/before-a-reset", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("an answer that nobody reads");
            await context.Response.Body.FlushAsync();
            _answered.SetResult();
            await _gone.Task;
            await Hear(context);
        });
        app.MapPost("/before-a-failed-send", async (HttpContext context) =>
        {
            // On the loop's own thread, so that nothing is received meanwhile, unless this takes so long that the loop is taken over.
            _client!.Send("words");
            _client.Dispose();
            await context.Response.WriteAsync("an answer that cannot be sent");
            await Hear(context);
        });
        app.MapPost("/more-than-words", async (HttpContext context) =>
        {
            _client!.Send("word");
            _client.Dispose();
            await context.Response.WriteAsync("an answer that cannot be sent");
            await Hear(context);
        });
    }

    private async Task Hear(HttpContext context)
    {
        try
        {
            _heard.SetResult(await new StreamReader(context.Request.Body, Encoding.ASCII).ReadToEndAsync());
        }
        catch (Exception error) when (error is ConnectionResetException or IOException)
        {
            _heard.SetResult(error.ToString());
        }
    }

    private EndPoint Of(bool unix) => unix ? new UnixDomainSocketEndPoint(_scratch.File("socket")) : new IPEndPoint(IPAddress.Loopback, 0);

    private void Ask(TestServer server, string path)
    {
        _client = server.Connect();
        // What the client's kernel holds back goes with an abortive close.
        if (server.EndPoint is IPEndPoint) _client.Socket.NoDelay = true;
        // Not the connection's first request, which is answered off the loop.
        _client.Get("/");
        Assert.Equal("hello", _client.AnswerText());
        _client.Send($"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Words_before_a_reset_are_heard(bool unix)
    {
        await using var server = await TestServer.Start(Routes, Of(unix));
        Ask(server, "/before-a-reset");
        await _answered.Task.WaitAsync(Deadlines.Event);
        await Eventually.TrueAsync(() => _client!.Socket.Available > 0, "the answer has come");
        _client!.Send("words");
        _client.Dispose();
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
        _gone.SetResult();

        Assert.Equal("words", await _heard.Task.WaitAsync(Deadlines.Event));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Words_before_a_send_that_fails_are_heard(bool unix)
    {
        await using var server = await TestServer.Start(Routes, Of(unix));
        for (var n = 0; n < 20; n++)
        {
            _heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            Ask(server, "/before-a-failed-send");

            Assert.Equal("words", await _heard.Task.WaitAsync(Deadlines.Event));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Words_that_are_cut_off_are_an_error(bool unix)
    {
        await using var server = await TestServer.Start(Routes, Of(unix));
        Ask(server, "/more-than-words");

        Assert.NotEqual("word", await _heard.Task.WaitAsync(Deadlines.Event));
    }
}
