using StarletNet.Hosting.Worker;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>What a worker sees of its siblings.</summary>
public sealed class ScoreboardPlaceTests : IDisposable
{
    private const int Limit = 10;

    // The last place is the master's.
    private readonly Scoreboard _scoreboard = Scoreboard.Create(3);
    private readonly ScoreboardPlace _own, _sibling;

    public ScoreboardPlaceTests()
    {
        _scoreboard.SetPlacesInUse(2);
        (_own, _sibling) = (new ScoreboardPlace(_scoreboard, 0), new ScoreboardPlace(_scoreboard, 1));
        _own.Phase(WorkerPhase.Ready);
        _sibling.Phase(WorkerPhase.Ready);
    }

    public void Dispose() => _scoreboard.Dispose();

    private static void Begin(ScoreboardPlace place, int requests)
    {
        for (var n = 0; n < requests; n++) place.RequestBegan(1);
    }

    [Fact]
    public void It_is_full_from_the_limit_on_until_it_has_a_tenth_less()
    {
        Begin(_own, Limit - 1);
        Assert.False(_own.IsFull(Limit, isFull: false));
        Begin(_own, 1);
        Assert.True(_own.IsFull(Limit, isFull: false));

        _own.RequestEnded();
        Assert.True(_own.IsFull(Limit, isFull: true));
        Assert.False(_own.IsFull(Limit, isFull: false));
        _own.RequestEnded();
        Assert.False(_own.IsFull(Limit, isFull: true));
    }

    [Theory]
    [InlineData(nameof(WorkerPhase.Starting))]
    [InlineData(nameof(WorkerPhase.Draining))]
    [InlineData(nameof(WorkerPhase.None))]
    public void It_is_never_full_without_a_sibling_that_accepts(string phase)
    {
        Begin(_own, Limit);
        _sibling.Phase(Enum.Parse<WorkerPhase>(phase));

        Assert.False(_own.IsFull(Limit, isFull: true));
        Assert.Equal(int.MaxValue, _own.FewestOfSiblings(Limit));
    }

    [Fact]
    public void Nobody_leaves_anything_to_one_that_would_not_take_it()
    {
        Begin(_sibling, Limit);

        Assert.Equal(int.MaxValue, _own.FewestOfSiblings(Limit));
        Assert.Equal(0, _own.FewestOfSiblings(0));
    }

    [Fact]
    public void Not_all_are_full()
    {
        Begin(_own, Limit);
        Begin(_sibling, Limit);

        Assert.False(_own.IsFull(Limit, isFull: true));
        Assert.False(_sibling.IsFull(Limit, isFull: false));
        // Then they share as they would without a limit.
        Assert.Equal(0, _own.FewestOfSiblings(Limit));
    }
}
