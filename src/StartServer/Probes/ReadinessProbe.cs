using System.Globalization;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StartServer.Probes;

/// <summary>
/// <c>--ready-probe</c>: what a candidate must answer before it is accepted. <c>%g</c> in it stands for the generation's number, <c>%p</c>
/// for its pid, because the address must lead to that generation and not to the one that still serves.
/// </summary>
/// <param name="Text">As it was given.</param>
internal abstract record ReadinessProbe(string Text)
{
    /// <exception cref="OperatorException">It is not one.</exception>
    internal static ReadinessProbe Parse(string text)
    {
        if (text.Equals("tcp", StringComparison.OrdinalIgnoreCase)) return new AcceptProbe(text);
        foreach (var (prefix, isHttp) in new[] { ("http://", true), ("tcp://", false) })
        {
            if (!text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) continue;
            var isUnix = text[prefix.Length..].StartsWith("unix:", StringComparison.Ordinal);
            return isUnix ? ParseUnix(text, prefix.Length + 5, isHttp) : ParseInternet(text, prefix.Length, isHttp);
        }
        throw Invalid(text, "write http://HOST:PORT/PATH, http://unix:/SOCKET:/PATH, tcp://HOST:PORT, tcp://unix:/SOCKET or tcp");
    }

    // As nginx writes it: the second colon ends the socket's path.
    private static AddressProbe ParseUnix(string text, int start, bool isHttp)
    {
        var rest = text[start..];
        var colon = isHttp ? rest.IndexOf(':', StringComparison.Ordinal) : -1;
        var path = colon < 0 ? rest : rest[..colon];
        if (path.Length is 0 or > UnixAddress.MaxPathLength)
            throw Invalid(text, $"the socket's path must have 1 to {UnixAddress.MaxPathLength} bytes");
        return new AddressProbe(text, Host: null, Port: 0, path, isHttp ? Target(text, colon < 0 ? "" : rest[(colon + 1)..]) : null);
    }

    private static AddressProbe ParseInternet(string text, int start, bool isHttp)
    {
        var rest = text[start..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (!isHttp && slash >= 0) throw Invalid(text, "nothing may follow the port");
        var authority = slash < 0 ? rest : rest[..slash];
        var colon = authority.LastIndexOf(':');
        var hasPort = colon >= 0 && !authority.EndsWith(']');
        if (!hasPort && !isHttp) throw Invalid(text, "the port is missing");
        var host = (hasPort ? authority[..colon] : authority).Trim('[', ']');
        if (host.Length == 0) throw Invalid(text, "the host is missing");
        var port = 80;
        if (hasPort && (!int.TryParse(authority[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is 0 or > 65535))
            throw Invalid(text, "the port must be a number from 1 to 65535");
        return new AddressProbe(text, host, port, Path: null, isHttp ? Target(text, slash < 0 ? "" : rest[slash..]) : null);
    }

    private static string Target(string text, string target)
    {
        if (target.Any(character => character is <= ' ' or > '~')) throw Invalid(text, "the path must be plain ASCII without blanks");
        return target.Length == 0 ? "/" : target[0] == '/' ? target : throw Invalid(text, "the path must begin with '/'");
    }

    private static OperatorException Invalid(string text, string why) =>
        new($"invalid ``ready-probe'' value:{text}: {why}", ExitCodes.StartServerUsage);
}

/// <summary><c>http://…</c> and <c>tcp://…</c>.</summary>
/// <param name="Host">A name or an address; null for a Unix socket.</param>
/// <param name="Path">Of the Unix socket.</param>
/// <param name="Target">What is asked for by HTTP; null to connect only.</param>
internal sealed record AddressProbe(string Text, string? Host, int Port, string? Path, string? Target) : ReadinessProbe(Text)
{
    /// <summary>With <c>%g</c> and <c>%p</c> filled in.</summary>
    internal AddressProbe For(int generation, int pid)
    {
        return this with { Text = Fill(Text)!, Host = Fill(Host), Path = Fill(Path), Target = Fill(Target) };

        string? Fill(string? text) => text?
            .Replace("%g", generation.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("%p", pid.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }
}

/// <summary>
/// <c>tcp</c>: somebody takes a connection from our first TCP listener. That a connection can be made says nothing, since the kernel
/// makes it while we hold the listener; so the accept queue is looked at. An old generation takes it as well, so this tells something of
/// first starts only.
/// </summary>
internal sealed record AcceptProbe(string Text) : ReadinessProbe(Text);
