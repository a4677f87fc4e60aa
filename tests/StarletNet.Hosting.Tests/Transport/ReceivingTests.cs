using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StarletNet.Hosting.Transport;

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
