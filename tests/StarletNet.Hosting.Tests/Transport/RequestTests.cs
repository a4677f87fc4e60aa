using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StarletNet.Shared.Contract;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class RequestTests
{
    private const int Large = 6 * 1024 * 1024;

    private static readonly byte[] Pattern = MakePattern();

    private static byte[] MakePattern()
    {
        var bytes = new byte[Large];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static void Routes(WebApplication app)
    {
        app.UseWebSockets();
        app.MapGet("/", () => "hello");
        app.MapGet("/number/{n}", (int n) => $"number {n}");
        app.MapGet("/version", (HttpContext context) => $"{context.Request.Protocol} {context.Request.Scheme}");
        app.MapGet("/large", (HttpContext context) =>
        {
            context.Response.ContentLength = Large;
            return context.Response.Body.WriteAsync(Pattern).AsTask();
        });
        app.MapPost("/hash", async (Stream body) => Convert.ToHexString(await SHA256.HashDataAsync(body)));
        app.MapPost("/echo", (HttpContext context) => context.Request.Body.CopyToAsync(context.Response.Body));
        app.MapGet("/socket", Echo);
    }

    private static async Task Echo(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, default);
            if (received.MessageType == WebSocketMessageType.Close) break;
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, default);
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default);
    }

    [Fact]
    public async Task A_connection_serves_request_after_request()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        for (var n = 0; n < 100; n++)
        {
            client.Get($"/number/{n}");
            Assert.Equal($"number {n}", client.AnswerText());
        }
        Assert.Equal(1, server.Transport.Connections.Count);
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        var requests = new StringBuilder();
        for (var n = 0; n < 200; n++) requests.Append($"GET /number/{n} HTTP/1.1\r\nHost: test\r\n\r\n");
        client.Send(requests.ToString());
        for (var n = 0; n < 200; n++) Assert.Equal($"number {n}", client.AnswerText());
    }

    [Fact]
    public async Task A_request_may_come_byte_by_byte()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        client.Socket.NoDelay = true;
        foreach (var letter in "GET / HTTP/1.1\r\nHost: test\r\n\r\n") client.Send([(byte)letter]);
        Assert.Equal("hello", client.AnswerText());
    }

    [Theory]
    [InlineData(64 * 1024, 0)]
    [InlineData(16 * 1024, 1)]
    public async Task A_large_answer_arrives_whole_however_slowly_it_is_read(int step, int pauseMilliseconds)
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        client.Socket.ReceiveBufferSize = 32 * 1024;
        client.Get("/large", "Connection: close\r\n");

        var answer = new MemoryStream();
        var buffer = new byte[step];
        int received;
        while ((received = client.Socket.Receive(buffer)) > 0)
        {
            answer.Write(buffer, 0, received);
            if (pauseMilliseconds > 0) await Task.Delay(pauseMilliseconds);
        }

        Assert.True(answer.ToArray().AsSpan()[^Large..].SequenceEqual(Pattern), "the body differs");
    }

    [Theory]
    [InlineData(Large, 0)]
    [InlineData(16 * 1024, 1)]
    public async Task A_large_upload_arrives_whole_however_slowly_it_is_sent(int step, int pauseMilliseconds)
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        client.Send($"POST /hash HTTP/1.1\r\nHost: test\r\nContent-Length: {Large}\r\n\r\n");
        for (var sent = 0; sent < Large; sent += step)
        {
            client.Send(Pattern.AsSpan(sent, Math.Min(step, Large - sent)));
            if (pauseMilliseconds > 0) await Task.Delay(pauseMilliseconds);
        }
        Assert.Equal(Convert.ToHexString(SHA256.HashData(Pattern)), client.AnswerText());
    }

    [Fact]
    public async Task Large_bodies_flow_both_ways_at_once()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        var sending = Task.Run(() => client.Post("/echo", Pattern, "Connection: close\r\n"));
        var answer = new byte[Large * 2];
        var total = 0;
        int received;
        while ((received = client.Socket.Receive(answer, total, answer.Length - total, 0)) > 0) total += received;
        await sending.WaitAsync(Deadlines.Event);

        Assert.True(Dechunk(answer.AsSpan(0, total)).AsSpan().SequenceEqual(Pattern), "the body differs");
    }

    [Fact]
    public async Task Http2_in_clear_text_works_on_a_listener_of_its_own()
    {
        await using var server = await TestServer.Start(Routes, http: HttpVersions.Http2);
        using var client = NewHttpClient($"http://{server.EndPoint}", HttpVersion.Version20);

        Assert.Equal("HTTP/2 http", await client.GetStringAsync("/version"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(n => client.GetStringAsync($"/number/{n}")));
        Assert.Equal(Enumerable.Range(0, 100).Select(n => $"number {n}"), answers);
        Assert.Equal(Pattern, await client.GetByteArrayAsync("/large"));
    }

    [Theory]
    [InlineData("1.1", "HTTP/1.1 https")]
    [InlineData("2.0", "HTTP/2 https")]
    public async Task Tls_runs_over_the_transport(string version, string expected)
    {
        await using var server = await TestServer.Start(Routes, tls: true);
        using var client = NewHttpClient($"https://{server.EndPoint}", Version.Parse(version));

        Assert.Equal(expected, await client.GetStringAsync("/version"));
        Assert.Equal(Pattern, await client.GetByteArrayAsync("/large"));
        using var posted = await client.PostAsync("/hash", new ByteArrayContent(Pattern));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(Pattern)), await posted.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_websocket_echoes_and_says_goodbye()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = new ClientWebSocket();
        await client.ConnectAsync(new Uri($"ws://{server.EndPoint}/socket"), default).WaitAsync(Deadlines.Event);
        var echoed = new byte[Large];
        var sending = client.SendAsync(Pattern, WebSocketMessageType.Binary, endOfMessage: true, default);
        for (var total = 0; total < Large;) total += (await client.ReceiveAsync(echoed.AsMemory(total), default)).Count;
        await sending.WaitAsync(Deadlines.Event);
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default).WaitAsync(Deadlines.Event);

        Assert.True(echoed.AsSpan().SequenceEqual(Pattern), "the echo differs");
        Assert.Equal("bye", client.CloseStatusDescription);
    }

    private static HttpClient NewHttpClient(string address, Version version)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => TestServer.IsItsCertificate(certificate);
        return new HttpClient(handler)
        {
            BaseAddress = new Uri(address),
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Deadlines.Event,
        };
    }

    private static byte[] Dechunk(ReadOnlySpan<byte> answer)
    {
        var rest = answer[(answer.IndexOf("\r\n\r\n"u8) + 4)..];
        var body = new MemoryStream();
        while (true)
        {
            var line = rest.IndexOf("\r\n"u8);
            var size = Convert.ToInt32(Encoding.ASCII.GetString(rest[..line]), 16);
            if (size == 0) return body.ToArray();
            body.Write(rest.Slice(line + 2, size));
            rest = rest[(line + 2 + size + 2)..];
        }
    }
}
