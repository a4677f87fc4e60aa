using System.Globalization;

namespace StarletNet.Master.Options;

/// <summary>A length of time as operators write it: seconds, with decimals if need be, and optionally <c>ms</c>, <c>s</c>, <c>m</c> or <c>h</c>.</summary>
internal static class Duration
{
    /// <summary>A year. Beyond it nobody means a timeout, and the clocks of the workers count milliseconds.</summary>
    private const double MaxSeconds = 366 * 24 * 3600;

    internal static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    // "ms" before "s" and "m": the first suffix that fits is taken.
    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];

    internal static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var (suffix, seconds) = Units.FirstOrDefault(unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal), ("", 1));
        if (!double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
        // A NaN fails every comparison, so it must be the range that is asked for, not its opposite.
        if (!(number * seconds is >= 0 and <= MaxSeconds)) return false;
        // What is written as more than nothing stays more than nothing.
        duration = number == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Max(1, TimeSpan.FromSeconds(number * seconds).Ticks));
        return true;
    }
}
