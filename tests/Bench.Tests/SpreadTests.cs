using StarletNet.Bench.Measures;

namespace StarletNet.Bench.Tests;

public sealed class SpreadTests
{
    [Theory]
    [InlineData(new[] { 7.0 }, 7, 0)]
    [InlineData(new[] { 9.0, 1.0, 4.0 }, 4, 1)]
    [InlineData(new[] { 10.0, 8.0, 12.0, 9.0 }, 9.5, 2 / 9.5)]
    [InlineData(new[] { 0.0, 0.0 }, 0, 0)]
    public void Median_and_relative_spread(double[] values, double median, double relative)
    {
        var spread = Spread.Of(values);

        Assert.Equal(median, spread.Median);
        Assert.Equal(relative, spread.Relative, 12);
        Assert.Equal((values.Min(), values.Max(), values.Length), (spread.Least, spread.Most, spread.Count));
    }

    [Theory]
    [InlineData(0.5, 50)]
    [InlineData(0.99, 99)]
    [InlineData(0.999, 100)]
    [InlineData(0, 1)]
    [InlineData(1, 100)]
    public void Percentile_is_the_nearest_rank(double part, double expected) =>
        Assert.Equal(expected, Spread.Percentile([.. Enumerable.Range(1, 100).Select(n => (double)n)], part));

    [Fact]
    public void Nothing_has_no_median()
    {
        Assert.Throws<ArgumentException>(() => Spread.Of([]));
        Assert.Throws<ArgumentException>(() => Spread.Percentile([], 0.5));
    }
}
