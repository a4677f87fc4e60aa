using System.Globalization;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Listening;

/// <summary>Where to listen; prints as operators write it.</summary>
internal abstract record ListenAddress
{
    /// <summary>Whether this one and the other cannot be bound both, as far as their texts tell.</summary>
    /// <param name="other">The other.</param>
    /// <param name="any">What no host means.</param>
    internal bool Excludes(ListenAddress other, AnyAddress any) => (this, other) switch
    {
        (Tcp { Port: 0 }, _) => false,
        (Tcp mine, Tcp its) => mine.Port == its.Port && (mine.Host == its.Host || IsAmong(mine.Host, its.Host, any) || IsAmong(its.Host, mine.Host, any)),
        _ => this == other,
    };

    private static bool IsAmong(string? host, string? all, AnyAddress any) =>
        all is null && host is not null && (any == AnyAddress.Both || host.Contains(':', StringComparison.Ordinal) == (any == AnyAddress.OnlyIPv6));

    /// <param name="Host">An address without brackets or a name; null: any address.</param>
    /// <param name="Port">0: the kernel chooses.</param>
    internal sealed record Tcp(string? Host, int Port) : ListenAddress
    {
        public override string ToString() =>
            Host is null ? $":{Port}" : Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
    }

    /// <param name="Path">A path, or a name in the abstract namespace after <c>@</c>.</param>
    internal sealed record Unix(string Path) : ListenAddress
    {
        public override string ToString() => Path.StartsWith('@') ? Path : $"unix:{Path}";
    }

    /// <summary>A listening descriptor that our parent left open for us.</summary>
    internal sealed record Inherited(int Fd) : ListenAddress
    {
        public override string ToString() => $"fd:{Fd}";
    }
}

/// <summary>One <c>--listen</c>: an address and what follows the question mark.</summary>
internal sealed record ListenSpec(ListenAddress Address)
{
    /// <summary>The port of plackup and of ASP.NET Core alike.</summary>
    internal const int DefaultPort = 5000;

    private const string Forms = "HOST:PORT, :PORT, PORT, [IPV6]:PORT, unix:PATH, a PATH with a slash, @NAME or fd:N";

    internal HttpVersions? Http { get; init; }

    /// <summary>Null: that of <c>--backlog</c>.</summary>
    internal int? Backlog { get; init; }

    /// <summary>Permissions of a Unix socket; null: 0666 less the umask.</summary>
    internal uint? Mode { get; init; }

    /// <summary>Null: that of <c>--ssl</c>.</summary>
    internal bool? Tls { get; init; }

    /// <summary>Null: that of <c>--defer-accept</c>.</summary>
    internal bool? DeferAccept { get; init; }

    internal static readonly ListenSpec Default = new(new ListenAddress.Tcp(null, DefaultPort));

    internal static ListenSpec Tcp(string? host, int port) => new(new ListenAddress.Tcp(AnyOr(host), port));

    /// <exception cref="FormatException">Empty or longer than the kernel takes.</exception>
    internal static ListenSpec Unix(string path) => new(UnixPath(path));

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString()
    {
        string?[] options =
        [
            Http is { } http ? $"http={WordFor(http)}" : null,
            Tls is { } tls ? (tls ? "ssl" : "ssl=0") : null,
            DeferAccept is { } defer ? (defer ? "defer" : "defer=0") : null,
            Backlog is { } backlog ? $"backlog={backlog}" : null,
            Mode is { } mode ? $"mode=0{Convert.ToString((int)mode, 8)}" : null,
        ];
        return options.Any(option => option is not null) ? $"{Address}?{string.Join('&', options.Where(option => option is not null))}" : $"{Address}";
    }

    /// <exception cref="FormatException">Not of any form; the message quotes the text.</exception>
    internal static ListenSpec Parse(string text)
    {
        var question = text.IndexOf('?', StringComparison.Ordinal);
        var address = question < 0 ? text : text[..question];
        // Starman's way to write ?ssl.
        var isStarmanTls = address.EndsWith(":ssl", StringComparison.Ordinal);
        var spec = new ListenSpec(ParseAddress(isStarmanTls ? address[..^4] : address)) { Tls = isStarmanTls ? true : null };
        return question < 0 ? spec : text[(question + 1)..].Split('&').Aggregate(spec, (current, option) => Apply(current, option, text));
    }

    private static ListenAddress ParseAddress(string text)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal)) return UnixPath(text[5..]);
        // As ASPNETCORE_URLS has them; otherwise it would be taken for a path.
        if (text.Contains("://", StringComparison.Ordinal)) throw new FormatException($"'{text}' is a URL; write HOST:PORT, for https with ?ssl behind it");
        if (text.StartsWith('@') || text.Contains('/', StringComparison.Ordinal)) return UnixPath(text);
        if (text.StartsWith("fd:", StringComparison.Ordinal)) return new ListenAddress.Inherited(Number(text[3..], int.MaxValue, "a descriptor number", text));
        if (text.Length > 0 && text.All(char.IsAsciiDigit)) return new ListenAddress.Tcp(null, Port(text, text));
        var colon = text.LastIndexOf(':');
        if (colon < 0) throw new FormatException($"'{text}' is not an address to listen on; write {Forms}");
        var port = Port(text[(colon + 1)..], text);
        return new ListenAddress.Tcp(Host(text[..colon], text), port);
    }

    private static string? Host(string host, string text)
    {
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (!bracketed && host.Contains(':', StringComparison.Ordinal))
            throw new FormatException($"'{text}': an IPv6 address stands in brackets, as in [::1]:8080");
        return AnyOr(host);
    }

    private static string? AnyOr(string? host) => host?.Trim('[', ']') is { Length: > 0 } name && name != "*" ? name : null;

    private static ListenAddress.Unix UnixPath(string path)
    {
        if (path.Length == 0 || path == "@") throw new FormatException("the name of a Unix socket is empty");
        return UnixAddress.Encode(path) is not null
            ? new ListenAddress.Unix(path)
            : throw new FormatException($"'{path}' is longer than the {UnixAddress.MaxPathLength} bytes a Unix socket's name may have");
    }

    private static ListenSpec Apply(ListenSpec spec, string option, string text)
    {
        var (key, value) = option.Split('=', 2) is [var name, var rest] ? (name, rest) : (option, "");
        return (key, value) switch
        {
            ("http", _) => spec with
            {
                Http = VersionsOf(value) ?? throw new FormatException($"'{text}': '{value}' is not an HTTP version; write http=h1, http=h2 or http=h1h2"),
            },
            ("ssl", _) => spec with { Tls = Switch(option, value, text) },
            ("defer", _) when spec.Address is ListenAddress.Unix => throw new FormatException($"'{text}': only a TCP socket can defer"),
            ("defer", _) => spec with { DeferAccept = Switch(option, value, text) },
            ("backlog", _) => spec with { Backlog = Number(value, int.MaxValue, "a queue length of at least 1", text, least: 1) },
            ("mode", _) when spec.Address is ListenAddress.Unix => spec with { Mode = ParseMode(value, text) },
            ("mode", _) => throw new FormatException($"'{text}': only a Unix socket has a mode"),
            _ => throw new FormatException($"'{text}': '{key}' is not a listener option; there are http, ssl, backlog, defer and mode"),
        };
    }

    /// <summary>By our word or by Kestrel's name, in any case; null: there is no such.</summary>
    internal static HttpVersions? VersionsOf(string word) => word.ToLowerInvariant() switch
    {
        "h1" or "http1" => HttpVersions.Http1,
        "h2" or "http2" => HttpVersions.Http2,
        "h1h2" or "http1andhttp2" => HttpVersions.Usual,
        _ => null,
    };

    internal static string WordFor(HttpVersions versions) => versions switch { HttpVersions.Http1 => "h1", HttpVersions.Http2 => "h2", _ => "h1h2" };

    // "?ssl" alone is a yes.
    private static bool Switch(string option, string value, string text)
    {
        try
        {
            return !option.Contains('=', StringComparison.Ordinal) || CommandLineParser.ReadSwitch(value);
        }
        catch (FormatException error)
        {
            throw new FormatException($"'{text}': {error.Message}");
        }
    }

    private static uint ParseMode(string value, string text)
    {
        if (value.Length is > 0 and <= 4 && value.All(digit => digit is >= '0' and <= '7') && Convert.ToUInt32(value, 8) is <= 0x1ff and var mode) return mode;
        throw new FormatException($"'{text}': '{value}' is not an octal mode such as 0660");
    }

    private static int Port(string port, string text) => Number(port, 65535, "a port from 0 to 65535", text);

    private static int Number(string number, int most, string what, string text, int least = 0) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new FormatException($"'{text}': '{number}' is not {what}");
}
