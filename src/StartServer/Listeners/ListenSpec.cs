using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StarletNet.Shared.Errors;

namespace StartServer.Listeners;

/// <summary>A value of <c>--port</c>: <c>8000</c>, <c>host:8000</c>, <c>[::1]:8000</c>, <c>::1:u53</c>, each with or without <c>=N</c>.</summary>
/// <param name="Text">As it was written, for messages.</param>
/// <param name="Host">Without brackets; null for any IPv4 address. With a colon in it, an IPv6 literal.</param>
/// <param name="PortText">The digits as written.</param>
/// <param name="Port">0 lets the kernel choose.</param>
/// <param name="Descriptor">The <c>N</c> of <c>=N</c>.</param>
internal sealed record ListenSpec(string Text, string? Host, string PortText, int Port, bool IsUdp, int? Descriptor)
{
    private static readonly char[] Blanks = [' ', '\t', '\n', '\r'];

    /// <exception cref="OperatorException">It has none of these forms.</exception>
    internal static ListenSpec Parse(string text)
    {
        var (address, descriptor) = SplitDescriptor(text);
        // The last colon splits, so that IPv6 needs no brackets.
        var colon = address.LastIndexOf(':');
        var port = address[(colon + 1)..];
        var isUdp = port.StartsWith('u');
        if (isUdp) port = port[1..];
        if (!IsNumber(port)) throw Invalid(text);
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > ushort.MaxValue)
            throw Invalid(text, "the highest port is 65535");
        return new ListenSpec(text, colon < 0 ? null : ParseHost(address[..colon], text), port, number, isUdp, descriptor);
    }

    /// <summary>How SERVER_STARTER_PORT calls it. UDP is not marked: the contract has no word for it.</summary>
    internal string NameFor(IPEndPoint bound)
    {
        // A name with port 0 would tell nobody where to connect.
        var port = Port == 0 ? bound.Port.ToString(CultureInfo.InvariantCulture) : PortText;
        if (Host is null) return port;
        return Host.Contains(':') ? $"[{Host}]:{port}" : $"{Host}:{port}";
    }

    /// <summary>Names are resolved once, to their first IPv4 address.</summary>
    /// <exception cref="OperatorException">There is no such host.</exception>
    internal IPEndPoint Resolve()
    {
        if (Host is null) return new IPEndPoint(IPAddress.Any, Port);
        if (Host.Contains(':'))
        {
            return IPAddress.TryParse(Host, out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6 && !Host.Contains('%')
                ? new IPEndPoint(v6, Port)
                : throw Unresolved("not an IPv6 address");
        }
        if (Host is "" or "*") throw Unresolved("give a name or an address, or the port alone for any IPv4 address");
        if (IPAddress.TryParse(Host, out var v4)) return new IPEndPoint(v4, Port);
        try
        {
            var addresses = Dns.GetHostAddresses(Host, AddressFamily.InterNetwork);
            return addresses.Length > 0 ? new IPEndPoint(addresses[0], Port) : throw Unresolved("it has no IPv4 address");
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            // ArgumentException: longer than any host name may be.
            throw Unresolved(error is SocketException ? error.Message : "too long for a host name");
        }
    }

    private static (string Address, int? Descriptor) SplitDescriptor(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0) return (text.Trim(Blanks), null);
        var number = text[(equals + 1)..].TrimEnd(Blanks);
        if (!IsNumber(number) || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor)) throw Invalid(text);
        if (descriptor is 1 or 2) throw Invalid(text, $"descriptor {descriptor} is where the program writes its output");
        return (text[..equals].Trim(Blanks), descriptor);
    }

    private static string ParseHost(string host, string text)
    {
        if (host.StartsWith('[') && host.EndsWith(']')) host = host[1..^1];
        // Anything of these would end up in SERVER_STARTER_PORT and be taken for something else there.
        return host.IndexOfAny([.. Blanks, ';', '=', '[', ']']) >= 0 ? throw Invalid(text) : host;
    }

    private static bool IsNumber(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);

    private static OperatorException Invalid(string text, string? why = null) =>
        new($"invalid ``port'' value:{text}{(why is null ? "" : ": " + why)}", ExitCodes.StartServerUsage);

    private OperatorException Unresolved(string why) => new($"failed to resolve host:{Host}:{why}", ExitCodes.StartServerUsage);
}
