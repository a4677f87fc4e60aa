using StarletNet.Shared.Notify;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision;

public sealed class ServiceManagerTests
{
    [Theory]
    [InlineData("2000000", "7", 1000)]
    [InlineData("2000000", null, 1000)]
    [InlineData("2000000", "8", null)]
    [InlineData(null, "7", null)]
    [InlineData("0", null, null)]
    [InlineData("soon", null, null)]
    public void The_watchdog_is_ours_when_it_names_us_or_nobody(string? microseconds, string? pid, int? milliseconds) =>
        Assert.Equal(
            milliseconds is { } expected ? TimeSpan.FromMilliseconds(expected) : null,
            Watchdog.Period(name => name switch { "WATCHDOG_USEC" => microseconds, "WATCHDOG_PID" => pid, _ => null }, 7));

    [Fact]
    public void A_service_whose_generation_died_is_no_new_start()
    {
        var ready = ServiceReport.Of(new Serving(Fleet.None with { Current = new Generation(1, 10) }), ServiceReport.None);
        Assert.Equal(new ServiceReport(ServicePhase.Ready, "generation 1 (pid 10) serves"), ready);
        var gap = ServiceReport.Of(new StartDue(Fleet.None, new Goal(Replaces: false, Failures: 2)), ready);
        Assert.Equal(new ServiceReport(ServicePhase.Ready, "attempts that failed: 2, the next is due"), gap);
        Assert.Equal(ServicePhase.Starting, ServiceReport.Of(new StartDue(Fleet.None, new Goal(Replaces: false, Failures: 2)), ServiceReport.None).Phase);
    }
}
