using System.Globalization;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Observing;

/// <summary>The socket of <c>--metrics</c>: just enough of HTTP/1.1 for <c>GET /metrics</c>, one request to a connection.</summary>
internal sealed class MetricsAnswers(Func<byte[]> metrics) : IAnswers
{
    public byte[] Busy => Page("503 Service Unavailable", "too many clients");

    public byte[] TooLong => Page("431 Request Header Fields Too Large", "a request is shorter");

    // As open as whoever chose the address made it.
    public byte[]? Refuse(PeerCredentials peer) => null;

    public byte[]? Answer(ReadOnlySpan<byte> received)
    {
        if (received.IndexOf("\r\n\r\n"u8) < 0 && received.IndexOf("\n\n"u8) < 0) return null;
        var line = Encoding.Latin1.GetString(received[..received.IndexOf((byte)'\n')]).TrimEnd('\r').Split(' ');
        if (line.Length != 3 || !line[2].StartsWith("HTTP/1.", StringComparison.Ordinal)) return Page("400 Bad Request", "this is no HTTP/1 request");
        if (line[1].Split('?')[0] != "/metrics") return Page("404 Not Found", "there is /metrics");
        return line[0] == "GET" ? Page("200 OK", MetricsText.ContentType, metrics()) : Page("405 Method Not Allowed\r\nAllow: GET", "there is GET");
    }

    private static byte[] Page(string status, string text) => Page(status, "text/plain", Encoding.ASCII.GetBytes(text + "\n"));

    private static byte[] Page(string status, string type, byte[] body) =>
    [
        .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n")),
        .. body,
    ];
}
