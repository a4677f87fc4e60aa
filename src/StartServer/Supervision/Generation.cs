namespace StartServer.Supervision;

/// <summary>One child of ours: its number (1 for the first attempt, one more for each further one) and its pid.</summary>
internal sealed record Generation(int Number, int Pid);

/// <summary>The generations that have passed their start check, and what there is to know about them.</summary>
/// <param name="Current">The one that serves; null before the first, and after a crash until the next.</param>
/// <param name="Since">When the current one was accepted.</param>
/// <param name="Crashes">How many currents in a row have died by themselves soon after they were accepted.</param>
/// <param name="Old">Those before it that have not ended yet, oldest first.</param>
/// <param name="RetirementOwed">Of the old ones some have not been told yet: the kill-old-delay is running, or was cut short by a crash.</param>
/// <param name="LastNumber">The number of the last attempt.</param>
internal sealed record Fleet(Generation? Current, TimeSpan Since, int Crashes, IReadOnlyList<Generation> Old, bool RetirementOwed, int LastNumber)
{
    internal static readonly Fleet None = new(null, TimeSpan.Zero, 0, [], false, 0);

    internal IReadOnlyList<Generation> All => Current is null ? Old : [.. Old, Current];
}
