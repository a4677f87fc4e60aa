namespace StartServer.Upgrade;

/// <summary>How far the change of a command line has come.</summary>
internal enum ChangePhase
{
    /// <summary>The program that reads this has just got the new command line.</summary>
    Begins,

    /// <summary>Its first deploy is under way.</summary>
    UnderWay,

    /// <summary>That deploy has failed; the former command line is to come back.</summary>
    Failed,

    /// <summary>The program that reads this has just got the former one back.</summary>
    Returns,
}

/// <summary>A command line that has replaced another, until its first deploy is over.</summary>
/// <param name="Request">Whose deploy that is.</param>
/// <param name="Attempts">How many of its candidates may fail; 0 for any number.</param>
/// <param name="Former">The words of the one before.</param>
internal sealed record CommandLineChange(ChangePhase Phase, long Request, int Attempts, IReadOnlyList<string> Former);
