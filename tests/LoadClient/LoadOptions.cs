using System.Globalization;
using StarletNet.TestKit;

namespace StarletNet.LoadClient;

/// <summary>The command line, valid.</summary>
internal sealed record LoadOptions(Target Target, LoadPaths Paths, LoadCounts Counts, TimeSpan? Time)
{
    internal const string Help = """
        loadclient --url URL [--unix PATH] [--connections N] [--seconds S] [--version-pattern REGEX]

        Asks for URL again and again, with N clients (default 6) in equal parts of three kinds: a new connection for
        every request; one kept busy; one kept with a request every 300 to 1500 ms. For S seconds, or until
        standard input ends.
        At the end, on standard output:
          versions seen: ...           group 1 of REGEX in the answers, in order (default: the word after "version")
          N requests, M lost           lost: refused, reset, empty or truncated answer, wrong body, or a kept
                                       connection closed after a request was sent without notice of the close
        --unix PATH    connect to this socket instead of the URL's host and port
        Exit: 0 nothing lost; 1 something was (described on standard error), or nothing answered; 2 bad usage.
        """;

    /// <exception cref="FormatException">Says what is wrong.</exception>
    internal static LoadOptions Parse(IReadOnlyList<string> arguments)
    {
        var values = Pairs(arguments);
        if (!Uri.TryCreate(values.GetValueOrDefault("--url"), UriKind.Absolute, out var url) || url.Scheme != "http")
            throw new FormatException("--url http://HOST:PORT/PATH is needed");
        var paths = new LoadPaths { Root = url.PathAndQuery, Pid = null };
        if (values.TryGetValue("--version-pattern", out var pattern)) paths = paths with { Version = pattern };
        var clients = values.TryGetValue("--connections", out var count) ? Number("--connections", count) : 6;
        return new LoadOptions(TargetOf(url, values.GetValueOrDefault("--unix")), paths, Split(clients),
            values.TryGetValue("--seconds", out var seconds) ? TimeSpan.FromSeconds(Number("--seconds", seconds)) : null);
    }

    private static Dictionary<string, string> Pairs(IReadOnlyList<string> arguments)
    {
        string[] known = ["--url", "--unix", "--connections", "--seconds", "--version-pattern"];
        var values = new Dictionary<string, string>();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (!known.Contains(arguments[i])) throw new FormatException($"unknown option {arguments[i]}");
            if (i + 1 == arguments.Count) throw new FormatException($"{arguments[i]} needs a value");
            values[arguments[i]] = arguments[i + 1];
        }

        return values;
    }

    private static Target TargetOf(Uri url, string? unix)
    {
        if (unix != null) return Target.Unix(unix);
        if (url.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 || url.Host == "localhost") return Target.Url(url);
        throw new FormatException($"{url.Host}: name the host by its address, or localhost");
    }

    private static LoadCounts Split(int clients) => LoadCounts.None with
    {
        NewConnection = (clients + 2) / 3,
        Busy = (clients + 1) / 3,
        SlowIdle = clients / 3,
    };

    private static int Number(string option, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"{option} {text}: a whole number above 0 is needed");
}
