using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StartServer.Supervision;

namespace StartServer.Probes;

/// <summary>What came of it, and for people what was wrong.</summary>
internal sealed record ProbeAnswer(ProbeOutcome Outcome, string Detail);

/// <summary>Asks once, and waits for the answer: to be called on a thread that has time.</summary>
internal static unsafe class ProbeRequest
{
    /// <summary>For connection and answer together.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Between looks at the accept queue, also before the first: the kernel puts a connection there a moment after we have it.</summary>
    private static readonly TimeSpan QueueLook = TimeSpan.FromMilliseconds(50);

    private const int StatusLineLimit = 1024, MisdirectedRequest = 421;

    internal static ProbeAnswer Ask(ReadinessProbe probe, IReadOnlyList<int> listeners)
    {
        try
        {
            return probe switch
            {
                AddressProbe { Target: { } target } http => AskHttp(http, target),
                AddressProbe tcp => AskTcp(tcp),
                _ => AskForAccept(listeners),
            };
        }
        catch (Exception error) when (error is ProbeException or SystemCallException or SocketException or ArgumentException)
        {
            return new ProbeAnswer(ProbeOutcome.Failed, $"{probe.Text}: {error.Message}");
        }
    }

    private static ProbeAnswer AskTcp(AddressProbe probe)
    {
        using var connection = Connect(probe);
        return new ProbeAnswer(ProbeOutcome.Answered, "");
    }

    private static ProbeAnswer AskHttp(AddressProbe probe, string target)
    {
        using var connection = Connect(probe);
        connection.Send(
            $"GET {target} HTTP/1.1\r\nHost: {HostHeader(probe)}\r\nUser-Agent: start_server\r\nAccept: */*\r\nConnection: close\r\n\r\n");
        var status = ReadStatus(connection);
        connection.LetFinish();
        var outcome = status switch
        {
            >= 200 and < 400 => ProbeOutcome.Answered,
            MisdirectedRequest => ProbeOutcome.Misdirected,
            _ => ProbeOutcome.Failed,
        };
        return new ProbeAnswer(outcome, $"{probe.Text}: answered {status}");
    }

    private static string HostHeader(AddressProbe probe)
    {
        var host = probe.Host is null ? "localhost" : probe.Host.Contains(':') ? $"[{probe.Host}]" : probe.Host;
        return probe.Host is null || probe.Port == 80 ? host : $"{host}:{probe.Port}";
    }

    private static int ReadStatus(ProbeConnection connection)
    {
        Span<byte> buffer = stackalloc byte[StatusLineLimit];
        var length = 0;
        while (buffer[..length].IndexOf((byte)'\n') < 0)
        {
            if (length == buffer.Length) throw new ProbeException("the answer is not HTTP");
            var count = connection.Receive(buffer[length..]);
            if (count == 0) throw new ProbeException(length == 0 ? "the connection was closed without an answer" : "the answer is not HTTP");
            length += count;
        }
        var words = Encoding.Latin1.GetString(buffer[..buffer.IndexOf((byte)'\n')]).Split(' ', 3);
        return words.Length > 1 && words[0].StartsWith("HTTP/1.", StringComparison.Ordinal)
            && int.TryParse(words[1].TrimEnd('\r'), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : throw new ProbeException("the answer is not HTTP");
    }

    private static ProbeConnection Connect(AddressProbe probe)
    {
        if (probe.Path is { } path) return ProbeConnection.ToUnix(path, Timeout);
        var addresses = IPAddress.TryParse(probe.Host, out var literal) ? [literal] : Dns.GetHostAddresses(probe.Host!);
        for (var i = 0; i < addresses.Length - 1; i++)
        {
            try
            {
                return ProbeConnection.ToInternet(new IPEndPoint(addresses[i], probe.Port), Timeout);
            }
            catch (ProbeException)
            {
                // "localhost" has two addresses and many programs listen on one.
            }
        }
        return addresses.Length > 0
            ? ProbeConnection.ToInternet(new IPEndPoint(addresses[^1], probe.Port), Timeout)
            : throw new ProbeException("the host has no address");
    }

    private static ProbeAnswer AskForAccept(IReadOnlyList<int> listeners)
    {
        var listener = listeners.Cast<int?>().FirstOrDefault(fd => IsTcp(fd!.Value)) ?? throw new ProbeException("there is no TCP listener");
        var bound = ListeningSocket.BoundEndPoint(listener);
        var address = bound.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : bound.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : bound.Address;
        using var connection = ProbeConnection.ToInternet(new IPEndPoint(address, bound.Port), Timeout);
        for (var waited = QueueLook; waited < Timeout; waited += QueueLook)
        {
            Thread.Sleep(QueueLook);
            if (QueueLength(listener) == 0) return new ProbeAnswer(ProbeOutcome.Answered, "");
        }
        return new ProbeAnswer(ProbeOutcome.Failed, $"tcp: nobody takes connections from {bound}");
    }

    private static bool IsTcp(int fd)
    {
        int protocol;
        socklen_t length = sizeof(int);
        return LibC.getsockopt(fd, LibC.SOL_SOCKET, LibC.SO_PROTOCOL, &protocol, &length) == 0 && protocol == LibC.IPPROTO_TCP;
    }

    private static int QueueLength(int listener)
    {
        // The length of the accept queue is in tcpi_unacked of struct tcp_info.
        const int Prefix = 32, Unacknowledged = 24;
        var info = stackalloc byte[Prefix];
        socklen_t length = Prefix;
        return LibC.getsockopt(listener, LibC.IPPROTO_TCP, LibC.TCP_INFO, info, &length) == 0
            ? *(int*)(info + Unacknowledged)
            : throw SystemCallException.Of("getsockopt(TCP_INFO)");
    }
}
