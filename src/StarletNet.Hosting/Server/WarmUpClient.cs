using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Asks this very worker over a socket pair, so that a request takes the way of a user's request: transport, Kestrel, the whole pipeline. One connection
/// for each request; what is sent and received is HTTP/1.1.
/// </summary>
internal sealed class WarmUpClient(TransportListener listener, bool isTls)
{
    internal const string UserAgent = "starletnet-warmup";

    /// <summary>Whether requests say that their client came by https: set after an answer that sends to https.</summary>
    private bool _saysHttps;

    /// <returns>The status.</returns>
    /// <exception cref="IOException">The connection ended without an answer.</exception>
    internal async Task<int> AskAsync(string path, CancellationToken stopping)
    {
        var (status, head) = await AskOnceAsync(path, stopping).ConfigureAwait(false);
        // Behind a proxy that ends TLS, users never see this redirection but the page itself.
        if (_saysHttps || isTls || status is < 300 or > 399 || !head.Contains("\nLocation: https://", StringComparison.OrdinalIgnoreCase)) return status;
        _saysHttps = true;
        return (await AskOnceAsync(path, stopping).ConfigureAwait(false)).Status;
    }

    private async Task<(int Status, string Head)> AskOnceAsync(string path, CancellationToken stopping)
    {
        var (ours, transports) = ConnectionSocket.Pair();
        listener.TakeOwn(transports);
        using var socket = new Socket(new SafeSocketHandle(ours, ownsHandle: true));
        var stream = new NetworkStream(socket, ownsSocket: false);
        await using (stream.ConfigureAwait(false))
        {
            if (!isTls) return await ExchangeAsync(stream, path, stopping).ConfigureAwait(false);
            // Whatever certificate is served: the peer is this process.
#pragma warning disable CA5359
            var tls = new SslStream(stream, leaveInnerStreamOpen: true, static (_, _, _, _) => true);
#pragma warning restore CA5359
            await using (tls.ConfigureAwait(false))
            {
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = "localhost",
                    ApplicationProtocols = [SslApplicationProtocol.Http11],
                }, stopping).ConfigureAwait(false);
                return await ExchangeAsync(tls, path, stopping).ConfigureAwait(false);
            }
        }
    }

    private async Task<(int Status, string Head)> ExchangeAsync(Stream stream, string path, CancellationToken stopping)
    {
        var request = $"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {UserAgent}\r\nAccept: */*\r\n{(_saysHttps ? "X-Forwarded-Proto: https\r\n" : "")}Connection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), stopping).ConfigureAwait(false);
        var buffer = new byte[16 * 1024];
        var length = 0;
        while (true)
        {
            // Of the answer only its head is of interest; the rest is read to the end, as a client does.
            var isFull = length == buffer.Length;
            var received = await stream.ReadAsync(isFull ? new byte[16 * 1024] : buffer.AsMemory(length), stopping).ConfigureAwait(false);
            if (received == 0) break;
            if (!isFull) length += received;
        }
        var head = Encoding.ASCII.GetString(buffer, 0, length);
        return head.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && int.TryParse(head.AsSpan(9, Math.Min(3, head.Length - 9)), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? (status, head)
            : throw new IOException("the connection ended without an answer");
    }
}
