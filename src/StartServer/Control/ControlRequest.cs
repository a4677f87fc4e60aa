using System.Globalization;

namespace StartServer.Control;

/// <summary>What a client asks for: the one line that it sends.</summary>
internal abstract record ControlRequest
{
    private const string Restart = "restart", Stop = "stop", List = "list", Follow = "follow", Upgrade = "upgrade", Attempts = "attempts=";

    /// <summary>As the line has it, without its end.</summary>
    public sealed override string ToString() => this switch
    {
        RestartRequest restart => string.Create(CultureInfo.InvariantCulture, $"{Restart} {Attempts}{restart.Attempts}"),
        StopRequest => Stop,
        ListRequest => List,
        UpgradeRequest => Upgrade,
        _ => Follow,
    };

    /// <returns>Null if there is no such request.</returns>
    internal static ControlRequest? Parse(string line) => line.Split(' ') switch
    {
        [Restart] => new RestartRequest(1),
        [Restart, var attempts] when attempts.StartsWith(Attempts, StringComparison.Ordinal)
            && int.TryParse(attempts.AsSpan(Attempts.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => new RestartRequest(number),
        [Stop] => new StopRequest(),
        [List] => new ListRequest(),
        [Follow] => new FollowRequest(),
        [Upgrade] => new UpgradeRequest(),
        _ => null,
    };
}

/// <summary>Deploy, and tell how it goes until it is over.</summary>
/// <param name="Attempts">How many candidates may fail; 0 for any number.</param>
internal sealed record RestartRequest(int Attempts) : ControlRequest;

/// <summary>Stop, and tell how it goes until the end.</summary>
internal sealed record StopRequest : ControlRequest;

/// <summary>Show all generations and listeners.</summary>
internal sealed record ListRequest : ControlRequest;

/// <summary>Become the program that is at start_server's path by now, and tell when that is done, or why it is not.</summary>
internal sealed record UpgradeRequest : ControlRequest;

/// <summary>Tell of every deploy, whoever asked for it, for as long as the client stays.</summary>
internal sealed record FollowRequest : ControlRequest;
