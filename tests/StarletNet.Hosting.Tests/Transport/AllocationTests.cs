using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>What a request on a connection that is kept costs in memory, beside Kestrel on its own transport. Alone, since the whole process is counted.</summary>
[Collection(nameof(BlockedThreads))]
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int Requests = 1000;

    private static void Routes(WebApplication app) => app.MapGet("/", () => "hello");

    [Fact]
    public async Task A_request_allocates_no_more_than_on_Kestrel_alone()
    {
        await using var ours = await TestServer.Start(Routes, asWorker: true);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var kestrel = builder.Build();
        Routes(kestrel);
        await kestrel.StartAsync(TestContext.Current.CancellationToken);
        var (own, plain) = (BytesPerRequest(ours.EndPoint), BytesPerRequest(IPEndPoint.Parse(new Uri(kestrel.Urls.Single()).Authority)));

        output.WriteLine($"{own} bytes per request, {plain} on plain Kestrel");
        // Not one object more: the smallest has 24 bytes.
        Assert.InRange(own, 0, plain + 20);
    }

    /// <summary>The least of some tries: the process does other things now and then.</summary>
    private static long BytesPerRequest(EndPoint server)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(server);
        var buffer = new byte[4096];
        for (var n = 0; n < Requests; n++) Ask(socket, buffer);
        return Enumerable.Range(0, 5).Min(_ =>
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var n = 0; n < Requests; n++) Ask(socket, buffer);
            return (GC.GetTotalAllocatedBytes(precise: true) - before) / Requests;
        });
    }

    private static void Ask(Socket socket, byte[] buffer)
    {
        socket.Send("GET / HTTP/1.1\r\nHost: test\r\n\r\n"u8);
        var length = 0;
        while (!buffer.AsSpan(0, length).EndsWith("\r\n0\r\n\r\n"u8)) length += socket.Receive(buffer.AsSpan(length));
    }
}
