using System.Globalization;

namespace StarletNet.Shared.Contract;

/// <summary>One choice of an operator's.</summary>
/// <param name="Name">That of the option.</param>
/// <param name="Value">As it travels.</param>
/// <param name="Yields">To what the application has chosen itself.</param>
internal sealed record HttpSetting(string Name, string Value, bool Yields)
{
    /// <summary>What it counts depends on the name.</summary>
    internal long Number => long.Parse(Value, NumberStyles.None, CultureInfo.InvariantCulture);
}

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
    internal const string ServerSoftware = "server-software", Path = "path", StatusPath = "status-path", HealthPath = "health-path";

    /// <summary>1: an expectation that is not 100-continue is refused; 0, or absent: overlooked, as Kestrel does.</summary>
    internal const string Expectations = "expectations";

    /// <summary>0: what a proxy nearby says of its clients is left to the application; 1, or absent: it is believed.</summary>
    internal const string Forwarded = "forwarded";

    /// <summary>Requests in flight from which on new connections are left to siblings.</summary>
    internal const string SoftLimit = "soft-limit";

    /// <summary>1: endpoints that the application opens itself stay open beside the listeners; 0, or absent: they are replaced.</summary>
    internal const string KeepAppEndpoints = "keep-app-endpoints";

    /// <summary>1: the header <c>X-StarletNet-Harakiri</c> of an answer is an order to the worker, and is not sent; 0, or absent: it is a header.</summary>
    internal const string HarakiriHeader = "harakiri-header";

    internal static readonly HttpSettings None = new([]);

    private readonly List<HttpSetting> _values;

    private HttpSettings(List<HttpSetting> values) => _values = values;

    internal static HttpSettings Of(IEnumerable<HttpSetting> values) => new([.. values]);

    /// <summary>Null: not chosen.</summary>
    internal HttpSetting? Find(string name) => _values.Find(setting => setting.Name == name);

    internal string Format() =>
        string.Join('&', _values.Select(setting => $"{setting.Name}{(setting.Yields ? '~' : '=')}{Uri.EscapeDataString(setting.Value)}"));

    /// <exception cref="FormatException">Not of that form; the message quotes the entry.</exception>
    internal static HttpSettings Parse(string text)
    {
        var values = new List<HttpSetting>();
        foreach (var entry in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var sign = entry.AsSpan().IndexOfAny('=', '~');
            if (sign <= 0) throw new FormatException($"'{entry}' is no setting");
            var value = Uri.UnescapeDataString(entry[(sign + 1)..]);
            if (entry[..sign] is not (ServerSoftware or Path or StatusPath or HealthPath) && !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                throw new FormatException($"'{value}' in '{entry}' is not a number");
            values.Add(new HttpSetting(entry[..sign], value, entry[sign] == '~'));
        }
        return new HttpSettings(values);
    }
}
