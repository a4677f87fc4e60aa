using System.Globalization;
using StartServer.Upgrade;

namespace StartServer.Control;

/// <summary>What a client asks for: the one line that it sends.</summary>
internal abstract record ControlRequest
{
    private const string Restart = "restart", Stop = "stop", List = "list", Follow = "follow", Upgrade = "upgrade", Reconfigure = "reconfigure", Abort = "abort", Attempts = "attempts=";

    /// <summary>How the one that may be long begins.</summary>
    internal const string LongOne = Reconfigure + " ";

    /// <summary>As the line has it, without its end.</summary>
    public sealed override string ToString() => this switch
    {
        RestartRequest restart => string.Create(CultureInfo.InvariantCulture, $"{Restart} {Attempts}{restart.Attempts}"),
        StopRequest => Stop,
        ListRequest => List,
        UpgradeRequest => Upgrade,
        AbortRequest => Abort,
        ReconfigureRequest other => string.Create(CultureInfo.InvariantCulture, $"{LongOne}{Attempts}{other.Attempts} {CommandWords.Encode(other.Words)}"),
        _ => Follow,
    };

    /// <returns>Null if there is no such request.</returns>
    internal static ControlRequest? Parse(string line) => line.Split(' ') switch
    {
        [Restart] => new RestartRequest(1),
        [Restart, var attempts] when NumberIn(attempts) is { } number => new RestartRequest(number),
        [Stop] => new StopRequest(),
        [List] => new ListRequest(),
        [Follow] => new FollowRequest(),
        [Upgrade] => new UpgradeRequest(),
        [Abort] => new AbortRequest(),
        [Reconfigure, var attempts, .. { Length: > 0 }] when NumberIn(attempts) is { } number && WordsOf(line[(LongOne.Length + attempts.Length + 1)..]) is { } words =>
            new ReconfigureRequest(words, number),
        _ => null,
    };

    private static int? NumberIn(string attempts) => attempts.StartsWith(Attempts, StringComparison.Ordinal)
        && int.TryParse(attempts.AsSpan(Attempts.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IReadOnlyList<string>? WordsOf(string text)
    {
        try
        {
            return CommandWords.Decode(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

/// <summary>Deploy, and tell how it goes until it is over.</summary>
/// <param name="Attempts">How many candidates may fail; 0 for any number.</param>
internal sealed record RestartRequest(int Attempts) : ControlRequest;

/// <summary>Cancel the deploy that is under way.</summary>
internal sealed record AbortRequest : ControlRequest;

/// <summary>Stop, and tell how it goes until the end.</summary>
internal sealed record StopRequest : ControlRequest;

/// <summary>Show all generations and listeners.</summary>
internal sealed record ListRequest : ControlRequest;

/// <summary>Become the program that is at start_server's path by now, and tell when that is done, or why it is not.</summary>
internal sealed record UpgradeRequest : ControlRequest;

/// <summary>Take another command line, deploy it, and tell how that goes until it is over.</summary>
/// <param name="Words">After the program's name.</param>
/// <param name="Attempts">How many candidates may fail; 0 for any number.</param>
internal sealed record ReconfigureRequest(IReadOnlyList<string> Words, int Attempts) : ControlRequest;

/// <summary>Tell of every deploy, whoever asked for it, for as long as the client stays.</summary>
internal sealed record FollowRequest : ControlRequest;
