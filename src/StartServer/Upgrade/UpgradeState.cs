namespace StartServer.Upgrade;

/// <summary>What is to become of this process.</summary>
internal abstract record Wish;

/// <summary>USR2, <c>--upgrade</c>: the program that is at our path now, with the command line as it is.</summary>
internal sealed record NewProgram : Wish;

/// <summary><c>--reconfigure</c>: another command line, and a deploy of it.</summary>
/// <param name="Words">After the program's name.</param>
/// <param name="Request">Whose deploy it will be.</param>
/// <param name="Attempts">How many candidates may fail; 0 for any number.</param>
internal sealed record NewCommandLine(IReadOnlyList<string> Words, long Request, int Attempts) : Wish;

/// <summary>The deploy of a new command line has come to nothing: the one before it.</summary>
internal sealed record FormerCommandLine(IReadOnlyList<string> Words) : Wish;

/// <summary>How far it has come.</summary>
internal abstract record UpgradeState;

internal sealed record NothingAsked : UpgradeState;

/// <summary>Just now.</summary>
internal sealed record Asked(Wish Wish) : UpgradeState;

/// <summary>For a good moment.</summary>
internal sealed record Waiting(Wish Wish) : UpgradeState;

/// <summary>The trial run is under way.</summary>
internal sealed record OnTrial(Wish Wish) : UpgradeState;

/// <param name="Verdict">Why it cannot take over; null if it can.</param>
internal sealed record Tried(Wish Wish, string? Verdict) : UpgradeState;

/// <summary>Whether this is a moment to be replaced.</summary>
internal enum Moment
{
    /// <summary>A generation serves, and no deploy is under way or watched.</summary>
    Calm,

    /// <summary>Nothing is being judged, but it is not calm: a pause between attempts, a watch.</summary>
    Good,

    /// <summary>A start is being judged, or nobody serves; afterwards it will be good.</summary>
    Later,

    /// <summary>We are stopping.</summary>
    Never,
}

internal abstract record UpgradeEvent;

internal sealed record Wished(Wish Wish) : UpgradeEvent;

/// <inheritdoc cref="Tried"/>
internal sealed record TrialEnded(string? Verdict) : UpgradeEvent;

/// <summary>
/// A batch of events is done with, and nothing is known to nobody but it: the one time when something begins.
/// </summary>
/// <param name="NewOneServes">A generation of the command line that is in force serves.</param>
internal sealed record BatchDone(Moment Moment, bool NewOneServes) : UpgradeEvent;

/// <summary>What is to be done.</summary>
internal enum UpgradeAction
{
    Nothing,

    /// <summary>Say that it is waited for.</summary>
    SayItWaits,

    BeginTrial,

    /// <summary>Execute it.</summary>
    Become,

    /// <summary>The trial's verdict, or that we are stopping, is the reason.</summary>
    Refuse,

    /// <summary>Somebody else's deploy or upgrade is under way.</summary>
    RefuseAsBusy,

    /// <summary>The new command line has come to serve after all, by another deploy.</summary>
    LeaveAsItIs,
}
