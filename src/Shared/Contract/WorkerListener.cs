using System.Globalization;

namespace StarletNet.Shared.Contract;

/// <summary>HTTP versions of one listener. Without TLS, HTTP/2 works only on a listener that speaks nothing else.</summary>
internal enum HttpVersions
{
    /// <summary>Over TLS HTTP/2 where the client wants it (ALPN), else HTTP/1; in clear text HTTP/1, or what the application says. Also written <c>?http=h1h2</c>.</summary>
    Usual,

    /// <summary>HTTP/1.0 and 1.1 alone, written <c>?http=h1</c>.</summary>
    Http1,

    /// <summary>HTTP/2 alone; in clear text with prior knowledge (h2c). Written <c>?http=h2</c>.</summary>
    Http2,
}

/// <summary>
/// A listening descriptor as a worker receives it in <see cref="EnvironmentNames.Listen"/>: <c>7</c>, <c>7?http=h2</c> or
/// <c>7?http=h1&amp;ssl</c>, joined by <c>;</c>. Addresses are not passed: the worker asks the kernel.
/// </summary>
/// <param name="Fd">Descriptor.</param>
/// <param name="Http">HTTP versions.</param>
/// <param name="Tls">Written <c>ssl</c>.</param>
/// <param name="Own">No other worker serves its queue, so none may be left to the others. Written <c>own</c>.</param>
internal sealed record WorkerListener(int Fd, HttpVersions Http = HttpVersions.Usual, bool Tls = false, bool Own = false)
{
    internal static string Format(IEnumerable<WorkerListener> listeners) => string.Join(';', listeners.Select(FormatEntry));

    private static string FormatEntry(WorkerListener listener)
    {
        var http = listener.Http switch { HttpVersions.Http1 => "http=h1", HttpVersions.Http2 => "http=h2", _ => null };
        var options = string.Join('&', new[] { http, listener.Tls ? "ssl" : null, listener.Own ? "own" : null }.OfType<string>());
        return options.Length > 0 ? $"{listener.Fd}?{options}" : $"{listener.Fd}";
    }

    /// <exception cref="FormatException">Not of that form; the message quotes the entry.</exception>
    internal static IReadOnlyList<WorkerListener> Parse(string value) => [.. value.Split(';').Select(ParseEntry)];

    private static WorkerListener ParseEntry(string entry)
    {
        var question = entry.IndexOf('?', StringComparison.Ordinal);
        var number = question < 0 ? entry : entry[..question];
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var fd))
            throw new FormatException($"'{entry}' does not begin with a descriptor number");
        var listener = new WorkerListener(fd);
        if (question < 0) return listener;
        foreach (var option in entry[(question + 1)..].Split('&'))
        {
            listener = option switch
            {
                "http=h1" => listener with { Http = HttpVersions.Http1 },
                "http=h2" => listener with { Http = HttpVersions.Http2 },
                "ssl" => listener with { Tls = true },
                "own" => listener with { Own = true },
                _ => throw new FormatException($"'{option}' in '{entry}' is not a listener option"),
            };
        }
        return listener;
    }
}
