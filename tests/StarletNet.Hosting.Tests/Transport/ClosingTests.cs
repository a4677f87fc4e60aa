using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StarletNet.Hosting.Transport;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class ClosingTests
{
    private static void Routes(WebApplication app)
    {
        app.MapGet("/large", (HttpContext context) => context.Response.Body.WriteAsync(new byte[3_000_000]).AsTask());
        app.MapGet("/cut", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("half of");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
    }

    [Fact]
    public async Task An_answer_before_the_close_arrives_whole_although_the_client_sends_on()
    {
        // Bytes that nobody reads any more would turn the close into a reset, which takes the unsent rest with it.
        await using var server = await TestServer.Start(Routes, options: new() { Linger = Deadlines.Event });
        using var client = server.Connect();
        client.Socket.ReceiveBufferSize = 16 * 1024;
        client.Get("/large", "Connection: close\r\n");
        for (var n = 0; n < 100; n++) client.Get("/large");
        var buffer = new byte[64 * 1024];
        var total = 0;
        // More than the client's own kernel holds: the end of the answer, and the FIN behind it, wait in the server's.
        while (total < 2_900_000) total += client.Socket.Receive(buffer);
        await Eventually.TrueAsync(() => HasSentFin(client), "the server has said all it has to say");
        for (var n = 0; n < 100; n++) client.Get("/large");
        int received;
        while ((received = client.Socket.Receive(buffer)) > 0) total += received;

        Assert.InRange(total, 3_000_000, 3_001_000);
    }

    // The server's socket is in FIN_WAIT1 or FIN_WAIT2 (proc_net_tcp(5)).
    private static bool HasSentFin(RawClient client) => File.ReadLines("/proc/net/tcp").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Any(entry => entry[2].EndsWith($":{((IPEndPoint)client.Socket.LocalEndPoint!).Port:X4}", StringComparison.Ordinal) && entry[3] is ("04" or "05"));

    [Fact]
    public async Task A_client_that_never_closes_is_not_awaited_for_ever()
    {
        await using var server = await TestServer.Start(Routes, options: new() { Linger = TimeSpan.FromMilliseconds(100) });
        using var client = server.Connect();
        client.Get("/large", "Connection: close\r\n");
        client.ReadToEnd();

        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }

    [Fact]
    public async Task An_answer_that_was_cut_off_does_not_look_complete()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        client.Send("GET /cut HTTP/1.0\r\n\r\n");

        var error = Assert.Throws<SocketException>(client.ReadToEnd);

        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }

    [Fact]
    public async Task Stopping_the_host_leaves_no_connection_behind()
    {
        await using var server = await TestServer.Start(Routes);
        using var idle = server.Connect();
        using var served = server.Connect();
        served.Get("/large");
        served.Answer();

        await server.StopHost().WaitAsync(Deadlines.Event);

        Assert.Equal("", served.ReadToEnd());
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }
}
