using System.Net.Sockets;
using System.Text;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>One worker for all cases.</summary>
public sealed class FramingWorker : IAsyncLifetime
{
    internal WorkerUnderTest Worker { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp));

    public ValueTask DisposeAsync() => Worker.DisposeAsync();
}

/// <summary>
/// Requests whose end is not what it seems, and what RFC 9112 says of them: byte for byte on the wire, and that nothing behind a
/// refused request is ever taken for another one.
/// </summary>
public sealed class FramingTests(FramingWorker fixture) : IClassFixture<FramingWorker>
{
    private const string Chunks = "5\r\nhello\r\n0\r\n\r\n";
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n";

    // sha256 of "hello", as /upload answers.
    private const string Hello = "5 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    private WorkerUnderTest Worker => fixture.Worker;

    [Theory]
    // 6.1: Transfer-Encoding in HTTP/1.0 is faulty framing, with or without a length, kept alive or not.
    [InlineData("POST /upload HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks, 400)]
    [InlineData("POST /upload HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks, 400)]
    [InlineData("POST /upload HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks, 400)]
    [InlineData("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    // 6.1: codings we do not know are not implemented.
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + Chunks, 501)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks, 501)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: identity, chunked\r\n\r\n" + Chunks, 501)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: x;a=\"b,c\", chunked\r\n\r\n" + Chunks, 501)]
    // 6.1: chunked may be applied once.
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked, chunked\r\n\r\n" + Chunks, 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: Chunked\r\n\r\n" + Chunks, 400)]
    // 6.3: chunked must be the last.
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked, gzip\r\n\r\n" + Chunks, 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip\r\n\r\n" + Chunks, 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: xchunked\r\n\r\n" + Chunks, 400)]
    // 7.1: a chunk's size is hexadecimal digits.
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n", 400)]
    // One that no number can hold is the client's error, too.
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFF\r\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n80000000\r\n", 400)]
    // RFC 9110, 8.6: a length is digits; 6.3: all else is unrecoverable.
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: +5\r\n\r\nhello", 400)]
    [InlineData("POST /upload HTTP/1.0\r\nContent-Length: +5\r\n\r\nhello", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: +0\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nContent-Length: -0\r\n\r\n", 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 0x5\r\n\r\nhello", 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 5 5\r\n\r\nhello", 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 5,6\r\n\r\nhello", 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length:\r\n\r\nhello", 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999999999999999999999\r\n\r\nhello", 400)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400)]
    // 3.2: whose host it is meant for must be said.
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nHost: test\r\n\r\n", 400)]
    public async Task A_request_without_one_clear_end_is_refused_and_the_connection_closed(string request, int status)
    {
        var answer = await Ask(request + Smuggled);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\nContent-Length: 0\r\n\r\n", Sorted(answer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n" + Chunks)]
    [InlineData("Transfer-Encoding: CHUNKED\r\n\r\n" + Chunks)]
    // RFC 9110, 5.6.1.2: empty elements of a list do not count.
    [InlineData("Transfer-Encoding: , chunked ,\r\n\r\n" + Chunks)]
    [InlineData("Content-Length: 5\r\n\r\nhello")]
    [InlineData("Content-Length: 0000000005\r\n\r\nhello")]
    [InlineData("Content-Length: \t5 \r\n\r\nhello")]
    public async Task A_well_formed_one_is_served_and_the_next_one_too(string rest)
    {
        using var client = Worker.Connect();
        await client.Send("POST /upload HTTP/1.1\r\nHost: test\r\n" + rest + "GET / HTTP/1.1\r\nHost: test\r\n\r\n");

        Assert.StartsWith(Hello, (await client.Response()).Body, StringComparison.Ordinal);
        Assert.StartsWith("hello from version", (await client.Response()).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("net8.0", "Content-Length: +0", 400)]
    [InlineData("net8.0", "Transfer-Encoding: gzip, chunked", 501)]
    [InlineData("net9.0", "Content-Length: +0", 400)]
    public async Task Older_frameworks_refuse_alike(string framework, string header, int status)
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.Builders(framework), "slim"));
        using var client = worker.Connect();
        await client.Send($"GET / HTTP/1.1\r\nHost: test\r\n{header}\r\n\r\n");
        Assert.Equal(status, (await client.Response()).Status);
        await client.End();
    }

    [Fact]
    public async Task Both_lengths_at_once_mean_the_chunks_and_the_end_of_the_connection()
    {
        // 6.3: the chunks decide, and the server closes; here nothing behind them may be read.
        var answer = await Ask("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks + Smuggled);

        Assert.Contains(Hello, answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("404", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\n\r\n", "hello from version")]
    [InlineData("GET /slow?ms=300 HTTP/1.1\r\nHost: test\r\n\r\n", "slow")]
    [InlineData("GET /slow?ms=300 HTTP/1.0\r\n\r\n", "slow")]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello", Hello)]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunks, Hello)]
    [InlineData("GET /slow?ms=100 HTTP/1.1\r\nHost: test\r\n\r\nPOST /upload HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello", Hello)]
    public async Task A_client_that_has_finished_sending_gets_its_answer(string request, string part)
    {
        // 9.6: a half-closed connection is no reason not to answer what was asked completely.
        var answer = await Ask(request, finish: true);

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains(part, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_answer_to_head_says_how_long_it_would_be_and_is_empty()
    {
        using var client = Worker.Connect();
        await client.Send("HEAD /large?bytes=1000 HTTP/1.1\r\nHost: test\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n");

        var (status, headers) = await client.Head();
        Assert.Equal((200, "1000"), (status, headers["Content-Length"]));
        // Whatever the application wrote would stand before this one.
        Assert.StartsWith("hello from version", (await client.Response()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_of_1_0_may_keep_the_connection_where_the_end_of_an_answer_is_known()
    {
        using var client = Worker.Connect();
        for (var request = 0; request < 2; request++)
        {
            await client.Send("GET /large?bytes=10 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            Assert.Equal("keep-alive", (await client.Response()).Headers["Connection"]);
        }
    }

    [Theory]
    // It has not asked for it, or the end of the connection is the end of the answer.
    [InlineData("GET /large?bytes=10 HTTP/1.0\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")]
    public async Task Elsewhere_its_connection_ends_with_the_answer(string request)
    {
        var answer = await Ask(request);

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("keep-alive", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    // 2.2: a recipient may take a lone line feed for the end of a line.
    [InlineData("POST /upload HTTP/1.1\nHost: test\nContent-Length: 5\n\nhello")]
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\nContent-Length: 5\r\n\nhello")]
    public async Task A_line_may_end_without_its_carriage_return(string request)
    {
        using var client = Worker.Connect();
        await client.Send(request + "GET / HTTP/1.1\nHost: test\n\n");

        Assert.StartsWith(Hello, (await client.Response()).Body, StringComparison.Ordinal);
        Assert.StartsWith("hello from version", (await client.Response()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_is_asked_for_when_the_application_reads_it_and_not_before()
    {
        using var waiting = Worker.Connect();
        await waiting.Send("POST /upload HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.Equal(100, (await waiting.Head()).Status);
        await waiting.Send("hello");
        Assert.StartsWith(Hello, (await waiting.Response()).Body, StringComparison.Ordinal);

        // This one never reads it.
        using var unread = Worker.Connect();
        await unread.Send("GET / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.Equal(200, (await unread.Head()).Status);
    }

    /// <summary>All that comes until the worker's end of the stream; a reset is an error.</summary>
    private async Task<string> Ask(string request, bool finish = false)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        await socket.ConnectAsync(Worker.EndPoint, deadline.Token);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), deadline.Token);
        if (finish) socket.Shutdown(SocketShutdown.Send);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, deadline.Token) is > 0 and var length) answer.Append(Encoding.ASCII.GetString(buffer, 0, length));
        return answer.ToString();
    }

    // The length last, whatever the order: the head, and nothing after it.
    private static string Sorted(string answer)
    {
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
        return string.Join("\r\n", answer[..^4].Split("\r\n").OrderBy(line => line.StartsWith("Content-Length", StringComparison.Ordinal))) + "\r\n\r\n";
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", true)]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nConnection: Close\r\n\r\n", true)]
    // Of a body some may still be on its way when the answer is not.
    [InlineData("POST /upload HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", false)]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n" + Smuggled, false)]
    // The server's wish, which the client does not know of when it sends the next one.
    [InlineData("GET /harakiri HTTP/1.1\r\nHost: test\r\n\r\n", false)]
    public async Task Only_a_client_that_has_said_to_send_no_more_is_not_waited_for(string request, bool isForgotten)
    {
        await using var other = request.Contains("harakiri", StringComparison.Ordinal) ? await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp)) : null;
        var address = (other ?? Worker).EndPoint;
        using var client = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Deadlines.Event.TotalMilliseconds };
        client.Connect(address);
        client.Send(Encoding.ASCII.GetBytes(request));
        var buffer = new byte[4096];
        while (client.Receive(buffer) > 0) { }

        // To a socket that is closed a byte is an affront, which the kernel answers before the call has returned; to one that waits it is not.
        client.Send("x"u8);
        var isReset = false;
        try
        {
            client.Send("x"u8);
        }
        catch (SocketException reset) when (reset.SocketErrorCode is SocketError.Shutdown or SocketError.ConnectionReset)
        {
            isReset = true;
        }
        Assert.Equal(isForgotten, isReset);
    }
}
