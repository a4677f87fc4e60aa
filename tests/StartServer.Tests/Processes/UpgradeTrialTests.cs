using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>In a class of its own, because it takes ten seconds.</summary>
public sealed class UpgradeTrialTests
{
    [Fact]
    public async Task A_trial_that_does_not_end_is_ended()
    {
        using var service = new Upgradable([], Children.Serve);
        await service.Daemon.StatusAsync("1:P");
        service.Install(System.IO.Path.Combine(AppContext.BaseDirectory, "StarletNet.TestChild"));
        service.Program.Send(UnixSignal.Usr2);
        // Meanwhile everything works, and asking again changes nothing.
        service.Program.Send(UnixSignal.Hup);
        await service.Daemon.StatusAsync("2:P");
        service.Program.Send(UnixSignal.Usr2);
        await service.Program.LineAsync("^upgrade refused, this version goes on: .*: its trial run did not end within 10 secs$");
        await service.Daemon.StopsCleanlyAsync();
    }
}
