using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using StarletNet.Hosting.Transport;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class ReceivingTests
{
    private const int Upload = 4 * 1024 * 1024, Large = 64 * 1024;

    /// <summary>Else a connection that has once sent much would ask for sixteen times the memory with each word that it says.</summary>
    [Fact]
    public async Task Reads_grow_with_an_upload_and_are_small_again_behind_it()
    {
        await using var server = await TestServer.Start(app => app.MapPost("/", async (HttpContext context) => $"{await LargestRead(context.Request.BodyReader)}"));
        using var client = server.Connect();

        client.Post("/", new byte[Upload]);
        Assert.InRange(Reported(client), Large, int.MaxValue);

        // The first word behind it may still find the memory that was offered to the upload.
        client.Post("/", "word"u8);
        client.AnswerText();
        for (var word = 0; word < 3; word++)
        {
            client.Post("/", "word"u8);
            Assert.Equal(BlockPool.BlockSize, Reported(client));
        }
    }

    /// <summary>A read that fills what it was offered asks for more at once, and nothing more may come for hours.</summary>
    [Fact]
    public async Task A_connection_whose_last_read_was_full_holds_no_memory()
    {
        const int Clients = 300;
        await using var server = await TestServer.Start(app => app.MapPost("/", async (HttpContext context) => $"{await LargestRead(context.Request.BodyReader)}"));
        var clients = Enumerable.Range(0, Clients).Select(_ => server.Connect()).ToList();
        foreach (var client in clients)
        {
            // The first one may have come before epoll watches the connection, and is then read otherwise.
            client.Post("/", "word"u8);
            client.AnswerText();
        }
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var full = new byte[BlockPool.BlockSize];
        var head = $"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {full.Length - 80:0000}\r\nX: ";
        Encoding.ASCII.GetBytes(head.PadRight(76, 'x') + "\r\n\r\n").CopyTo(full, 0);

        foreach (var client in clients)
        {
            client.Send(full);
            client.AnswerText();
        }

        await Eventually.TrueAsync(() => server.Transport.LentBlocks == 0, "no block is lent");
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Clients * Large / 3);
        foreach (var client in clients) client.Dispose();
    }

    /// <summary>While the loop reads, epoll tells of bytes that the same turn takes.</summary>
    [Fact]
    public async Task A_connection_holds_no_memory_behind_an_upload()
    {
        const int Clients = 200;
        await using var server = await TestServer.Start(app => app.MapPost("/", async (HttpContext context) => $"{await LargestRead(context.Request.BodyReader)}"));
        var clients = Enumerable.Range(0, Clients).Select(_ => server.Connect()).ToList();
        var body = new byte[Upload];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (var client in clients)
        {
            client.Post("/", body);
            client.AnswerText();
        }
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Clients * Large / 3);
        foreach (var client in clients) client.Dispose();
    }

    /// <summary>Becoming one wakes the receive loop: a FIN may have come that only now means the end.</summary>
    [Fact]
    public async Task An_upgraded_connection_that_waits_holds_no_memory()
    {
        await using var server = await TestServer.Start(app => app.MapGet("/", async (HttpContext context) =>
        {
            await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
            var word = new byte[1];
            while (await stream.ReadAsync(word) > 0) await stream.WriteAsync(word);
        }), asWorker: true);
        using var client = server.Connect();
        client.Get("/", "Connection: Upgrade\r\nUpgrade: word\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", client.Head(), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => server.Transport.LentBlocks == 0, "no block is lent");
        client.Send("w");
        Assert.Equal("w", client.Text(1));
        await Eventually.TrueAsync(() => server.Transport.LentBlocks == 0, "no block is lent");
    }

    private static int Reported(RawClient client) => int.Parse(client.AnswerText(), System.Globalization.CultureInfo.InvariantCulture);

    // The body is shown where it was received, so what was offered to the kernel is what lies round it.
    private static async Task<int> LargestRead(PipeReader body)
    {
        var largest = 0;
        while (true)
        {
            var read = await body.ReadAsync();
            foreach (var memory in read.Buffer)
            {
                Assert.True(MemoryMarshal.TryGetArray(memory, out var offered));
                largest = Math.Max(largest, offered.Array!.Length);
            }
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) return largest;
        }
    }
}
