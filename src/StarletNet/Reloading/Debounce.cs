namespace StarletNet.Master.Reloading;

/// <summary>Many changes are one: the restart waits until nothing has changed for a moment, but not for ever.</summary>
/// <param name="First">When the first change came that has not led to a restart yet; null: there is none.</param>
internal readonly record struct Debounce(TimeSpan? First)
{
    internal static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    /// <summary>Something that never stops changing must not keep all the rest from being seen.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <returns>What holds from now on, and how long from now to wait.</returns>
    internal (Debounce Next, TimeSpan Delay) Changed(TimeSpan now)
    {
        var first = First ?? now;
        var left = first + Longest - now;
        return (new Debounce(first), left < Quiet ? (left > TimeSpan.Zero ? left : TimeSpan.Zero) : Quiet);
    }
}
