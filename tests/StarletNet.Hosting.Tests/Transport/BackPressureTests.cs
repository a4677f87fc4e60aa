using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StarletNet.Hosting.Transport;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class BackPressureTests
{
    /// <summary>More than the kernel's buffers on both sides and the pipe's together ever hold.</summary>
    private const int Total = 96 * 1024 * 1024;

    private const int Chunk = 64 * 1024;

    [Fact]
    public async Task A_client_that_stops_reading_stops_the_server_from_producing()
    {
        long produced = 0;
        await using var server = await TestServer.Start(app => app.MapGet("/", async (HttpContext context) =>
        {
            context.Response.ContentLength = Total;
            var chunk = new byte[Chunk];
            while (Interlocked.Read(ref produced) < Total)
            {
                await context.Response.Body.WriteAsync(chunk);
                Interlocked.Add(ref produced, Chunk);
            }
        }));
        using var client = server.Connect();
        client.Get("/", "Connection: close\r\n");
        await NoProgress(() => Interlocked.Read(ref produced));
        Assert.InRange(Interlocked.Read(ref produced), 1, Total / 2);

        long received = 0;
        var buffer = new byte[Chunk];
        int count;
        while ((count = client.Socket.Receive(buffer)) > 0) received += count;
        Assert.InRange(received, Total, Total + 1000);
    }

    [Fact]
    public async Task A_write_of_more_than_the_pipe_may_hold_goes_on_where_it_was_if_the_kernel_takes_it()
    {
        var stayed = 0;
        await using var server = await TestServer.Start(app => app.MapGet("/", async (HttpContext context) =>
        {
            context.Response.ContentLength = Chunk;
            var thread = Environment.CurrentManagedThreadId;
            await context.Response.Body.WriteAsync(new byte[Chunk]);
            if (thread == Environment.CurrentManagedThreadId && LoopThread.IsInline) stayed++;
        }), options: new TransportOptions { Loop = LoopMode.Inline });
        using var client = server.Connect();
        // The first one runs where the connection was started, and on a busy machine the loop may be taken for blocked.
        for (var n = 0; n < 20; n++)
        {
            client.Get("/");
            client.Answer();
        }
        Assert.InRange(stayed, 10, 20);
    }

    [Fact]
    public async Task A_handler_that_stops_reading_stops_the_client_from_sending()
    {
        var mayRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.Start(app => app.MapPost("/", async (Stream body) =>
        {
            await mayRead.Task;
            return Convert.ToHexString(await SHA256.HashDataAsync(body));
        }));
        using var client = server.Connect();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long sent = 0;
        var sending = Task.Run(() =>
        {
            client.Send($"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {Total}\r\n\r\n");
            var chunk = new byte[Chunk];
            var random = new Random(2);
            while (Interlocked.Read(ref sent) < Total)
            {
                random.NextBytes(chunk);
                hash.AppendData(chunk);
                client.Send(chunk);
                Interlocked.Add(ref sent, Chunk);
            }
        });
        await NoProgress(() => Interlocked.Read(ref sent));
        Assert.InRange(Interlocked.Read(ref sent), 1, Total / 2);

        mayRead.SetResult();
        await sending.WaitAsync(Deadlines.Event);
        Assert.Equal(Convert.ToHexString(hash.GetHashAndReset()), client.AnswerText());
    }

    /// <summary>Until it has begun and then stands still. Taking a slow machine's pause for the end can hide a fault, not invent one.</summary>
    internal static async Task NoProgress(Func<long> progress)
    {
        long before = -1;
        await Eventually.TrueAsync(
            () =>
            {
                var now = progress();
                var stands = now > 0 && now == before;
                before = now;
                if (!stands) Thread.Sleep(500);
                return stands;
            },
            "the flow has stopped");
    }
}
