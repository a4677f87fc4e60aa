using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>The program that a plain build makes: portable code, whose runtime has threads of its own.</summary>
public sealed class PortableTests
{
    [Fact]
    public async Task The_portable_program_deploys_and_upgrades_itself_too()
    {
        using var superdaemon = Superdaemon.Start(["--port", "127.0.0.1:0"], Children.Serve, executable: Path.Combine(AppContext.BaseDirectory, "start_server"));
        await superdaemon.StatusAsync("1:P");
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("2:P");
        superdaemon.Program.Send(UnixSignal.Usr2);
        await superdaemon.Program.LineAsync(Upgradable.TakenOver);
        superdaemon.Program.Send(UnixSignal.Hup);
        await superdaemon.StatusAsync("3:P");
        await superdaemon.StopsCleanlyAsync();
    }
}
