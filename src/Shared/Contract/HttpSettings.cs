using System.Globalization;

namespace StarletNet.Shared.Contract;

/// <summary>
/// What an operator has chosen for the HTTP side of a worker, as it travels in <see cref="EnvironmentNames.Http"/>:
/// <c>name=value</c> joined by <c>&amp;</c>, times in milliseconds, values escaped as in a URL. <c>name~value</c> comes from a preset:
/// it yields to what the application has chosen itself. What is not named here is left to the application.
/// </summary>
internal sealed class HttpSettings
{
    internal const string Timeout = "timeout", ReadTimeout = "read-timeout", KeepAliveTimeout = "keepalive-timeout";
    internal const string RequestTimeout = "request-timeout", RequestTimeoutGrace = "request-timeout-grace";
    internal const string MaxKeepAliveRequests = "max-keepalive-reqs", MaxConnections = "max-connections";
    internal const string MaxHeaderSize = "max-header-size", MaxHeaders = "max-headers", MaxRequestLine = "max-request-line", MaxBody = "max-body";
    internal const string ServerSoftware = "server-software", Path = "path";

    internal static readonly HttpSettings None = new([]);

    private readonly Dictionary<string, (string Value, bool Yields)> _values;

    private HttpSettings(Dictionary<string, (string, bool)> values) => _values = values;

    internal static HttpSettings Of(IEnumerable<(string Name, string Value, bool Yields)> values) =>
        new(values.ToDictionary(entry => entry.Name, entry => (entry.Value, entry.Yields)));

    /// <summary>The value, and whether it yields to the application's own; null: not chosen.</summary>
    internal (string Value, bool Yields)? Text(string name) => _values.TryGetValue(name, out var entry) ? entry : null;

    /// <summary>The same as a number; what it counts depends on the name.</summary>
    internal (long Value, bool Yields)? Number(string name) =>
        Text(name) is { } entry ? (long.Parse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture), entry.Yields) : null;

    internal string Format() =>
        string.Join('&', _values.Select(entry => $"{entry.Key}{(entry.Value.Yields ? '~' : '=')}{Uri.EscapeDataString(entry.Value.Value)}"));

    /// <exception cref="FormatException">Not of that form; the message quotes the entry.</exception>
    internal static HttpSettings Parse(string text)
    {
        var values = new Dictionary<string, (string, bool)>();
        foreach (var entry in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var sign = entry.AsSpan().IndexOfAny('=', '~');
            if (sign <= 0) throw new FormatException($"'{entry}' is no setting");
            var value = Uri.UnescapeDataString(entry[(sign + 1)..]);
            if (entry[..sign] is not (ServerSoftware or Path) && !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                throw new FormatException($"'{value}' in '{entry}' is not a number");
            values[entry[..sign]] = (value, entry[sign] == '~');
        }
        return new HttpSettings(values);
    }
}
