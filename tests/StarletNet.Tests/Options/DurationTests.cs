using StarletNet.Master.Options;

namespace StarletNet.Master.Tests.Options;

public sealed class DurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("5", 5000)]
    [InlineData("0.5", 500)]
    [InlineData(".5", 500)]
    [InlineData("250ms", 250)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    public void Seconds_with_decimals_and_suffixes_are_read(string text, double milliseconds)
    {
        Assert.True(Duration.TryParse(text, out var time));
        Assert.Equal(milliseconds, time.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1 s")]
    [InlineData("1e3")]
    [InlineData("1d")]
    [InlineData("soon")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1,000")]
    [InlineData("99999999999999999999h")]
    public void Anything_else_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));
}
