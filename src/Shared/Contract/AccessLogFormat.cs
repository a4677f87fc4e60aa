using System.Text;

namespace StarletNet.Shared.Contract;

/// <summary>What a piece of an access log's line shows.</summary>
internal enum LogField
{
    Literal,
    Client,
    Peer,
    Nothing,
    User,
    Time,
    RequestLine,
    Status,
    Bytes,
    BytesOrZero,
    Microseconds,
    Seconds,
    Milliseconds,
    RequestHeader,
    ResponseHeader,
    Method,
    Path,
    Query,
    Protocol,
    Host,
    LocalAddress,
    LocalPort,
    Pid,
    RequestsBefore,
    ConnectionState,
    Json,
}

/// <summary>A piece of an access log's line.</summary>
/// <param name="Field">What it shows.</param>
/// <param name="Text">The literal, the header's name or the time's format.</param>
internal sealed record LogPart(LogField Field, string Text = "");

/// <summary>
/// The format of <c>--access-log</c>: a name, or a template in the language of Apache's mod_log_config, which Plack's access log shares. The
/// master reads it to refuse what it does not know, the worker to write by it.
/// </summary>
internal static class AccessLogFormat
{
    internal const string Combined = "combined", Common = "common", Json = "json";

    private const string CommonTemplate = "%h %l %u %t \"%r\" %>s %b";
    private const string CombinedTemplate = CommonTemplate + " \"%{Referer}i\" \"%{User-Agent}i\"";

    /// <summary>What strftime's letters in <c>%{…}t</c> may be.</summary>
    internal const string TimeLetters = "YmdHMSbaAByFTzejs%";

    /// <exception cref="FormatException">A letter that means nothing here; the message quotes it.</exception>
    internal static IReadOnlyList<LogPart> Parse(string format) => format switch
    {
        Combined => ParseTemplate(CombinedTemplate),
        Common => ParseTemplate(CommonTemplate),
        Json => [new LogPart(LogField.Json)],
        _ when !format.Contains('%', StringComparison.Ordinal) => throw new FormatException(
            $"'{format}' is not a format; there are {Combined}, {Common}, {Json} and templates such as '%h %t \"%r\" %s %b'"),
        _ when format.AsSpan().ContainsAny('\n', '\r', '\0') => throw new FormatException("a template is one line"),
        _ => ParseTemplate(format),
    };

    private static List<LogPart> ParseTemplate(string template)
    {
        var parts = new List<LogPart>();
        var literal = new StringBuilder();
        for (var at = 0; at < template.Length; at++)
        {
            if (template[at] != '%')
            {
                literal.Append(template[at]);
                continue;
            }
            var start = at++;
            // Of a request that was redirected internally Apache has two; here both are the one there is.
            if (at < template.Length && template[at] is '<' or '>') at++;
            string? argument = null;
            if (at < template.Length && template[at] == '{')
            {
                var end = template.IndexOf('}', at);
                if (end < 0) throw new FormatException($"'{template[start..]}' lacks its closing brace");
                (argument, at) = (template[(at + 1)..end], end + 1);
            }
            var written = template[start..Math.Min(at + 1, template.Length)];
            if (at >= template.Length) throw new FormatException($"'{written}' at the end lacks its letter; a percent sign is written %%");
            if (template[at] == '%' && argument is null)
            {
                literal.Append('%');
                continue;
            }
            var part = Part(template[at], argument) ?? throw new FormatException($"'{written}' means nothing here; see the list of letters in the README");
            if (literal.Length > 0) parts.Add(new LogPart(LogField.Literal, literal.ToString()));
            literal.Clear();
            parts.Add(part);
        }
        if (literal.Length > 0) parts.Add(new LogPart(LogField.Literal, literal.ToString()));
        return parts;
    }

    private static LogPart? Part(char letter, string? argument) => (letter, argument) switch
    {
        ('h' or 'a', null) => new(LogField.Client),
        ('a', "c") => new(LogField.Peer),
        ('l', null) => new(LogField.Nothing),
        ('u', null) => new(LogField.User),
        ('t', null) => new(LogField.Time),
        ('t', "sec" or "msec" or "usec") => new(LogField.Time, argument),
        ('t', { Length: > 0 }) when IsTime(argument) => new(LogField.Time, argument),
        ('r', null) => new(LogField.RequestLine),
        ('s', null) => new(LogField.Status),
        ('b', null) => new(LogField.Bytes),
        ('B', null) => new(LogField.BytesOrZero),
        ('D', null) or ('T', "us") => new(LogField.Microseconds),
        ('T', null or "s") => new(LogField.Seconds),
        ('T', "ms") => new(LogField.Milliseconds),
        ('i', { Length: > 0 }) => new(LogField.RequestHeader, argument),
        ('o', { Length: > 0 }) => new(LogField.ResponseHeader, argument),
        ('m', null) => new(LogField.Method),
        ('U', null) => new(LogField.Path),
        ('q', null) => new(LogField.Query),
        ('H', null) => new(LogField.Protocol),
        ('v' or 'V', null) => new(LogField.Host),
        ('A', null) => new(LogField.LocalAddress),
        ('p', null) => new(LogField.LocalPort),
        ('P', null or "pid") => new(LogField.Pid),
        ('k', null) => new(LogField.RequestsBefore),
        ('X', null) => new(LogField.ConnectionState),
        _ => null,
    };

    private static bool IsTime(string format)
    {
        for (var at = 0; at < format.Length; at++)
            if (format[at] == '%' && (++at == format.Length || !TimeLetters.Contains(format[at], StringComparison.Ordinal))) return false;
        return true;
    }
}
