using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class ForgottenRoutesTests
{
    /// <summary>The first runs of a warm-up are long because their code is compiled; kept, they send the first users' requests away from the loop.</summary>
    [Fact]
    public void After_a_warm_up_no_route_is_held_to_what_its_first_runs_took()
    {
        var memory = new BlockingMemory();
        var route = BlockingMemory.RouteOf("GET", "/page");
        for (var run = 0; run < 3; run++) memory.Observe(route, Place.Spare);
        Assert.Equal(Place.Spare, memory.PlaceOf(route));

        memory.Forget();

        Assert.Equal(Place.Loop, memory.PlaceOf(route));
        Assert.True(memory.IsEmpty);
    }
}
