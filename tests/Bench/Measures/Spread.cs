namespace StarletNet.Bench.Measures;

/// <summary>Several runs of the same, as the middle and the ends.</summary>
internal readonly record struct Spread(double Median, double Least, double Most, int Count)
{
    /// <summary>Half the distance between the ends, as a part of the median: 0.03 reads ± 3 %. 0 for a single run.</summary>
    internal double Relative => Median == 0 ? 0 : (Most - Least) / 2 / Math.Abs(Median);

    /// <exception cref="ArgumentException">There are no values.</exception>
    internal static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) throw new ArgumentException("a median of nothing", nameof(values));
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1], sorted.Length);
    }

    /// <summary>The smallest value that at least <paramref name="part"/> of all are not above (nearest rank).</summary>
    internal static double Percentile(double[] sorted, double part)
    {
        if (sorted.Length == 0) throw new ArgumentException("a percentile of nothing", nameof(sorted));
        // Without the subtrahend 0.99 × 100 would be 99.00000000000001, and the rank one too high.
        var rank = (int)Math.Ceiling((part * sorted.Length) - 1e-9);
        return sorted[Math.Clamp(rank, 1, sorted.Length) - 1];
    }
}
