using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class DescriptorReuseTests
{
    [Fact]
    public async Task An_event_for_the_former_owner_of_a_number_reaches_nobody()
    {
        await using var server = await TestServer.Start(app => app.MapGet("/", () => "hello"));
        using var client = server.Connect();
        client.Get("/");
        client.AnswerText();
        var connections = server.Transport.Connections;
        var connection = Assert.Single(connections);

        Assert.Same(connection, connections.Find(connection.Descriptor, connection.Generation));
        Assert.Null(connections.Find(connection.Descriptor, connection.Generation + 1));
        Assert.Null(connections.Find(connection.Descriptor + 1, connection.Generation));
        Assert.Null(connections.Find(int.MaxValue, connection.Generation));
    }

    [Fact]
    public async Task A_closed_connection_is_found_no_more()
    {
        await using var server = await TestServer.Start(app => app.MapGet("/", () => "hello"));
        var client = server.Connect();
        client.Get("/");
        client.AnswerText();
        var connection = Assert.Single(server.Transport.Connections);
        client.Dispose();
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);

        Assert.Null(server.Transport.Connections.Find(connection.Descriptor, connection.Generation));
    }

    [Fact]
    public async Task No_client_ever_sees_a_byte_of_another()
    {
        await using var server = await TestServer.Start(Routes);
        var clients = Enumerable.Range(0, 8).Select(seed => Task.Run(() => Storm(server, seed)));
        await Task.WhenAll(clients).WaitAsync(Deadlines.Event);
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }

    private static void Routes(WebApplication app)
    {
        // Answers with what it was sent, piece by piece and from another thread than it read on.
        app.MapPost("/echo", async (HttpContext context) =>
        {
            var buffer = new byte[3000];
            int read;
            while ((read = await context.Request.Body.ReadAsync(buffer)) > 0)
            {
                await Task.Yield();
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, read));
            }
        });
        app.MapPost("/cut", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("cut");
            context.Abort();
        });
    }

    /// <summary>Many short connections, each full of a tag of its own; some are reset by either side on the way.</summary>
    private static void Storm(TestServer server, int seed)
    {
        var random = new Random(seed);
        for (var turn = 0; turn < 250; turn++)
        {
            var tag = string.Create(CultureInfo.InvariantCulture, $"<{seed}:{turn}>");
            var body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(tag, 1 + random.Next(2000))));
            using var client = server.Connect();
            switch (random.Next(5))
            {
                case 0:
                    client.Post("/echo", body);
                    client.Reset();
                    break;
                case 1:
                    try
                    {
                        client.Post("/cut", body);
                        client.ReadToEnd();
                    }
                    catch (SocketException)
                    {
                        // Cut off by the server, as asked.
                    }
                    break;
                default:
                    client.Post("/echo", body, "Connection: close\r\n");
                    Assert.Equal(body, client.Answer().Body);
                    break;
            }
        }
    }
}
