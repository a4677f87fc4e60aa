namespace StarletNet.Master.Options;

/// <summary>The defaults and signal meanings of one of the Perl servers, as its usual launcher starts it.</summary>
/// <param name="Name">As it is asked for.</param>
/// <param name="Environment">Of the application, where nobody says anything.</param>
/// <param name="StopsFast">TERM and INT give up what is unfinished.</param>
/// <param name="Values">Options by name; what is not named here has our own default.</param>
internal sealed record Preset(string Name, string Environment, bool StopsFast, IReadOnlyDictionary<string, string> Values);

/// <summary>The three servers whose names we inherit; read in their sources (Starlet 0.31, Starlight 0.0503, Starman 0.4017).</summary>
internal static class Presets
{
    /// <summary>Starlight was made from Starlet.</summary>
    private static readonly Dictionary<string, string> StarletAndStarlight = new()
    {
        ["max-workers"] = "10",
        ["spawn-interval"] = "0",
        ["graceful-timeout"] = "unlimited",
        ["drain-keepalive"] = "2",
        ["defer-accept"] = "1",
        ["timeout"] = "300",
        ["keepalive-timeout"] = "2",
        ["max-keepalive-reqs"] = "1",
        ["max-header-size"] = "128K",
        ["max-request-line"] = "128K",
        ["max-body"] = "unlimited",
        ["forwarded"] = "off",
        ["disable-proctitle"] = "1",
    };

    internal static readonly IReadOnlyList<Preset> All =
    [
        // plackup -s Starlet: plackup's environment is development.
        new("starlet", "development", StopsFast: false, new Dictionary<string, string>(StarletAndStarlight)
        {
            ["max-reqs-per-child"] = "100",
            ["err-respawn-interval"] = "1",
            // HUP replaces all workers at once.
            ["surge"] = "all",
            ["server-software"] = "Starlet",
        }),
        new("starlight", "production", StopsFast: false, new Dictionary<string, string>(StarletAndStarlight)
        {
            ["max-reqs-per-child"] = "1000",
            ["err-respawn-interval"] = "0",
            ["server-software"] = "Starlight",
        }),
        new("starman", "production", StopsFast: true, new Dictionary<string, string>
        {
            ["max-workers"] = "5",
            // Starman counts connections; its users mean requests.
            ["max-reqs-per-child"] = "1000",
            ["surge"] = "all",
            ["err-respawn-interval"] = "0",
            ["graceful-timeout"] = "unlimited",
            ["drain-keepalive"] = "1",
            ["backlog"] = "1024",
            ["timeout"] = "unlimited",
            ["read-timeout"] = "5",
            ["keepalive-timeout"] = "1",
            ["max-header-size"] = "1M",
            // It sets no limit; so many are more than anybody sends.
            ["max-headers"] = "1000",
            ["max-request-line"] = "1M",
            ["max-body"] = "unlimited",
            ["forwarded"] = "off",
            ["server-software"] = "",
        }),
    ];

    /// <summary>Starlet as <c>plackup -s</c> writes it, and <c>StarletNet</c> for none.</summary>
    /// <returns>Null for none.</returns>
    /// <exception cref="FormatException">None of them.</exception>
    internal static string? NameOf(string text)
    {
        if (text.Equals("starletnet", StringComparison.OrdinalIgnoreCase)) return null;
        return All.FirstOrDefault(preset => preset.Name.Equals(text, StringComparison.OrdinalIgnoreCase))?.Name
            ?? throw new FormatException($"'{text}' is not a server whose ways are known; there are {string.Join(", ", All.Select(preset => preset.Name))}");
    }
}
