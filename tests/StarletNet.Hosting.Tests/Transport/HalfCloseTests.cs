using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using StarletNet.Hosting.Transport;
using StarletNet.Shared.Contract;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class HalfCloseTests
{
    private static readonly TransportOptions Patient = new() { HalfCloseSilence = TimeSpan.FromHours(1) };

    private readonly TaskCompletionSource _running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Routes(WebApplication app)
    {
        app.MapGet("/", () => "hello");
        app.MapPost("/length", async (Stream body) =>
        {
            var copy = new MemoryStream();
            await body.CopyToAsync(copy);
            return $"{copy.Length} bytes";
        });
        app.MapGet("/slow", async () =>
        {
            await Task.Delay(1000);
            return "late";
        });
        app.MapGet("/drip", async (HttpContext context) =>
        {
            for (var n = 0; n < 12; n++)
            {
                await context.Response.WriteAsync($"drop {n};");
                await Task.Delay(500);
            }
        });
        app.MapGet("/forever", WaitForAbort);
        app.MapGet("/upgraded", (HttpContext context) =>
        {
            Connection(context).HalfCloseIsClose = true;
            return WaitForAbort(context);
        });
        app.MapGet("/upgraded-late", async (HttpContext context) =>
        {
            await Eventually.TrueAsync(() => Connection(context).Transport.Input.TryRead(out var read) && read.IsCompleted, "FIN seen");
            Connection(context).HalfCloseIsClose = true;
            await WaitForAbort(context);
        });
    }

    private static EpollConnection Connection(HttpContext context) =>
        (EpollConnection)context.Features.Get<IConnectionTransportFeature>()!;

    private async Task WaitForAbort(HttpContext context)
    {
        context.RequestAborted.Register(() => _aborted.TrySetResult());
        _running.SetResult();
        await _aborted.Task;
    }

    [Theory]
    [InlineData("/", "hello")]
    [InlineData("/slow", "late")]
    public async Task A_client_that_has_finished_sending_gets_its_answer(string path, string expected)
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        client.Get(path);
        client.FinishSending();

        Assert.Equal(expected, client.AnswerText());
        Assert.Equal("", client.ReadToEnd());
    }

    [Fact]
    public async Task Every_pipelined_request_before_the_end_is_answered()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        for (var n = 0; n < 20; n++) client.Get("/");
        client.Get("/slow");
        client.Get("/");
        client.FinishSending();

        for (var n = 0; n < 20; n++) Assert.Equal("hello", client.AnswerText());
        Assert.Equal("late", client.AnswerText());
        Assert.Equal("hello", client.AnswerText());
        Assert.Equal("", client.ReadToEnd());
    }

    [Fact]
    public async Task A_body_that_ends_with_the_stream_is_read_to_its_end()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        client.Post("/length", new byte[300_000]);
        client.FinishSending();

        Assert.Equal("300000 bytes", client.AnswerText());
    }

    [Fact]
    public async Task A_body_that_is_cut_off_is_an_error()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        client.Send("POST /length HTTP/1.1\r\nHost: test\r\nContent-Length: 20\r\n\r\nhalf of it");
        client.FinishSending();

        Assert.Throws<SocketException>(client.ReadToEnd);
    }

    [Fact]
    public async Task A_unix_client_that_has_finished_sending_gets_its_answer()
    {
        await using var server = await TestServer.Start(Routes, new UnixDomainSocketEndPoint("\0" + Path.GetRandomFileName()));
        using var client = server.Connect();
        client.Get("/slow");
        client.FinishSending();

        Assert.Equal("late", client.AnswerText());
    }

    [Fact]
    public async Task An_answer_may_take_longer_than_the_silence_as_long_as_it_flows()
    {
        await using var server = await TestServer.Start(Routes, options: new() { HalfCloseSilence = TimeSpan.FromSeconds(4) });
        using var client = server.Connect();
        client.Get("/drip");
        client.FinishSending();

        Assert.Equal(string.Concat(Enumerable.Range(0, 12).Select(n => $"drop {n};")), client.AnswerText());
    }

    [Fact]
    public async Task After_too_long_a_silence_the_client_counts_as_gone()
    {
        await using var server = await TestServer.Start(Routes, options: new() { HalfCloseSilence = TimeSpan.FromSeconds(1) });
        using var client = server.Connect();
        client.Get("/forever");
        client.FinishSending();

        await _aborted.Task.WaitAsync(Deadlines.Event);
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }

    [Fact]
    public async Task An_idle_connection_ends_with_the_clients_end()
    {
        await using var server = await TestServer.Start(Routes, options: Patient);
        using var client = server.Connect();
        client.Get("/");
        client.AnswerText();
        client.FinishSending();

        Assert.Equal("", client.ReadToEnd());
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }

    [Theory]
    [InlineData("/upgraded")]
    [InlineData("/upgraded-late")]
    public async Task An_upgraded_connection_is_closed_by_the_clients_end_at_once(string path)
    {
        await using var server = await TestServer.Start(Routes, options: Patient);
        using var client = server.Connect();
        client.Get(path);
        if (path == "/upgraded") await _running.Task.WaitAsync(Deadlines.Event);
        client.FinishSending();

        await _aborted.Task.WaitAsync(Deadlines.Event);
    }

    [Fact]
    public async Task An_http2_connection_is_closed_by_the_clients_end_at_once()
    {
        await using var server = await TestServer.Start(Routes, http: HttpVersions.Http2, options: Patient);
        using var client = server.Connect();
        // Preface, empty SETTINGS, then HEADERS of one stream: GET http / with path "/forever" as a literal.
        client.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        client.Send([0, 0, 0, 4, 0, 0, 0, 0, 0]);
        byte[] headers = [0x82, 0x86, 0x44, 8, .. "/forever"u8, 0x41, 4, .. "test"u8];
        client.Send([0, 0, (byte)headers.Length, 1, 5, 0, 0, 0, 1, .. headers]);
        await _running.Task.WaitAsync(Deadlines.Event);
        client.FinishSending();

        await _aborted.Task.WaitAsync(Deadlines.Event);
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_aborts_the_request_at_once(bool afterFin)
    {
        await using var server = await TestServer.Start(Routes, options: Patient);
        using var client = server.Connect();
        client.Get("/forever");
        await _running.Task.WaitAsync(Deadlines.Event);
        if (afterFin) client.FinishSending();
        client.Reset();

        await _aborted.Task.WaitAsync(Deadlines.Event);
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }

    [Fact]
    public async Task A_reset_is_noticed_while_reading_is_paused()
    {
        await using var server = await TestServer.Start(
            app => app.MapPost("/", WaitForAbort), options: Patient with { MaxReadBufferSize = 16 * 1024 });
        using var client = server.Connect();
        client.Send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000000\r\n\r\n");
        await _running.Task.WaitAsync(Deadlines.Event);
        client.Send(new byte[64 * 1024]);
        client.Reset();

        await _aborted.Task.WaitAsync(Deadlines.Event);
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }

    [Fact]
    public async Task A_unix_client_that_closes_aborts_its_request_at_once()
    {
        await using var server = await TestServer.Start(
            Routes, new UnixDomainSocketEndPoint("\0" + Path.GetRandomFileName()), options: Patient);
        using var client = server.Connect();
        client.Get("/forever");
        await _running.Task.WaitAsync(Deadlines.Event);
        client.Dispose();

        await _aborted.Task.WaitAsync(Deadlines.Event);
    }

    [Fact]
    public async Task A_write_that_fails_after_the_clients_end_aborts_the_request()
    {
        await using var server = await TestServer.Start(app => app.MapGet("/", async (HttpContext context) =>
        {
            context.RequestAborted.Register(() => _aborted.TrySetResult());
            _running.SetResult();
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync("still there?");
                await Task.Delay(20);
            }
        }), options: Patient);
        using var client = server.Connect();
        client.Get("/");
        await _running.Task.WaitAsync(Deadlines.Event);
        // Both directions: to the server this looks like a half-close until it writes.
        client.Socket.Shutdown(SocketShutdown.Both);
        client.Dispose();

        await _aborted.Task.WaitAsync(Deadlines.Event);
    }
}
