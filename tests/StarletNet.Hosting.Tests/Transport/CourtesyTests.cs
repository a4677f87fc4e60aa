using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class CourtesyTests
{
    private const int NoSibling = int.MaxValue;

    private readonly Courtesy _courtesy = new(most: 50);

    [Theory]
    [InlineData(4, 0, false)]
    [InlineData(5, 0, true)]
    [InlineData(18, 13, false)]
    [InlineData(19, 13, true)]
    [InlineData(1129, 1000, false)]
    [InlineData(1130, 1000, true)]
    [InlineData(0, 5, false)]
    [InlineData(100_000, NoSibling, false)]
    public void Is_due_to_a_sibling_that_has_clearly_fewer(int own, int fewest, bool isDue) => Assert.Equal(isDue, _courtesy.IsDue(own, fewest));

    [Fact]
    public void Is_over_when_the_sibling_has_taken_its_share()
    {
        Assert.True(_courtesy.TryBegin(5, 0, now: 1000));
        Assert.False(_courtesy.IsOver(5, 0, now: 1049));
        Assert.True(_courtesy.IsOver(5, 1, now: 1049));
    }

    [Fact]
    public void A_sibling_that_takes_nothing_in_time_has_no_claim_until_it_does()
    {
        Assert.True(_courtesy.TryBegin(5, 0, now: 1000));
        Assert.True(_courtesy.IsOver(5, 0, now: 1050));
        Assert.False(_courtesy.IsDue(6, 0));
        _courtesy.Renew(fewest: 0);
        Assert.False(_courtesy.TryBegin(6, 0, now: 5000));
        _courtesy.Renew(fewest: 1);
        Assert.True(_courtesy.TryBegin(6, 1, now: 6000));
    }

    [Fact]
    public void All_in_a_second_adds_up()
    {
        for (var n = 0; n < 50; n++)
        {
            Assert.True(_courtesy.TryBegin(11 + n, n, now: 1000));
            // Over at once, by a clock that has not moved: it counts all the same.
            Assert.True(_courtesy.IsOver(11 + n, n + 11, now: 1000));
        }
        Assert.False(_courtesy.IsDue(70, 50));
        _courtesy.Renew(fewest: 51);
        Assert.True(_courtesy.IsDue(70, 50));
    }
}
