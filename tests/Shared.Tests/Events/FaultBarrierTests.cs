using StarletNet.Shared.Events;

namespace StarletNet.Shared.Tests.Events;

public sealed class FaultBarrierTests
{
    private readonly List<string> _log = [];

    [Fact]
    public void A_failure_costs_its_input_alone_and_is_written_once_in_one_line()
    {
        var barrier = new FaultBarrier(_log.Add);
        var handled = 0;

        for (var round = 0; round < 3; round++)
        {
            Assert.False(barrier.Run("a client", Fail));
            Assert.True(barrier.Run("a client", () => handled++));
        }

        Assert.Equal(3, handled);
        Assert.Matches("^a client could not be handled and is passed over; please report this: System.InvalidOperationException: first second [^\n]*Fail", Assert.Single(_log));
    }

    [Fact]
    public void Another_failure_is_written_too()
    {
        var barrier = new FaultBarrier(_log.Add);
        barrier.Run("a client", Fail);
        barrier.Run("a worker", Fail);
        Assert.Equal(2, _log.Count);
    }

    private static void Fail() => throw new InvalidOperationException("first\nsecond");
}
