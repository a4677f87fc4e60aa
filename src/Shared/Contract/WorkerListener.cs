using System.Globalization;

namespace StarletNet.Shared.Contract;

/// <summary>HTTP versions of one listener. Without TLS, HTTP/2 works only on a listener that speaks nothing else.</summary>
internal enum HttpVersions
{
    /// <summary>HTTP/1.0 and 1.1; the default.</summary>
    Http1,

    /// <summary>HTTP/2 with prior knowledge (h2c), written <c>?http=h2</c>.</summary>
    Http2,
}

/// <summary>
/// A listening descriptor as a worker receives it in <see cref="EnvironmentNames.Listen"/>: <c>7</c> or <c>7?http=h2</c>,
/// joined by <c>;</c>. Addresses are not passed: the worker asks the kernel.
/// </summary>
internal sealed record WorkerListener(int Fd, HttpVersions Http)
{
    internal static string Format(IEnumerable<WorkerListener> listeners) =>
        string.Join(';', listeners.Select(l => l.Http == HttpVersions.Http2 ? $"{l.Fd}?http=h2" : $"{l.Fd}"));

    /// <exception cref="FormatException">Not of that form; the message quotes the entry.</exception>
    internal static IReadOnlyList<WorkerListener> Parse(string value) => [.. value.Split(';').Select(ParseEntry)];

    private static WorkerListener ParseEntry(string entry)
    {
        var question = entry.IndexOf('?', StringComparison.Ordinal);
        var number = question < 0 ? entry : entry[..question];
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var fd))
            throw new FormatException($"'{entry}' does not begin with a descriptor number");
        return (question < 0 ? "" : entry[(question + 1)..]) switch
        {
            "" => new WorkerListener(fd, HttpVersions.Http1),
            "http=h2" => new WorkerListener(fd, HttpVersions.Http2),
            var other => throw new FormatException($"'{other}' in '{entry}' is not a listener option"),
        };
    }
}
