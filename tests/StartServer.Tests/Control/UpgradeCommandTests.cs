using System.Net.Sockets;
using StarletNet.StartServer.Tests.Processes;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Control;

/// <summary><c>--upgrade</c>, and what other clients notice of it.</summary>
public sealed class UpgradeCommandTests
{
    private static ProgramUnderTest Command(Upgradable service, params string[] words) =>
        ProgramUnderTest.Start(Superdaemon.Executable, [.. words, "--control", service.File("control")]);

    [Fact]
    public async Task Who_asked_hears_how_it_ended()
    {
        using var service = new Upgradable(["--control", "DIR/control"], Children.Serve);
        var first = await service.Daemon.StatusAsync("1:P");
        using var upgrade = Command(service, "--upgrade");
        Assert.Equal(new ProgramExit(0, null), await upgrade.ExitAsync());
        Assert.Matches("^upgraded from [0-9.]+ to [0-9.]+$", upgrade.OutputText.TrimEnd());
        await service.Program.LineAsync($"^upgrade: asked for over the control socket by process {upgrade.Pid}, user [0-9]+$");

        service.Install("/bin/false");
        using var refused = Command(service, "--upgrade", "--json");
        Assert.Equal(new ProgramExit(10, null), await refused.ExitAsync());
        Assert.Equal("not upgraded: its trial run ended with exit code 1", refused.ErrorText.TrimEnd());
        Assert.Contains("\"event\":\"upgrade-refused\"", refused.OutputText, StringComparison.Ordinal);

        using var list = Command(service, "--list");
        Assert.Equal(new ProgramExit(0, null), await list.ExitAsync());
        Assert.Contains($"{first[0]}", list.OutputText, StringComparison.Ordinal);
        await service.Daemon.StopsCleanlyAsync();
        Assert.False(File.Exists(service.File("control")));
    }

    /// <summary>Whatever a client has sent so far, the program that takes over has it, too.</summary>
    [Fact]
    public async Task A_line_that_has_not_ended_goes_on_after_an_upgrade()
    {
        using var service = new Upgradable(["--control", "DIR/control"], Children.Serve);
        await service.Daemon.StatusAsync("1:P");
        using var garbage = Connect(service);
        garbage.Send(Enumerable.Repeat((byte)0xff, 1000).ToArray());
        using var slow = Connect(service);
        slow.Send("li"u8);
        await service.UpgradeAsync();
        slow.Send("st\n"u8);
        garbage.Send("\n"u8);
        Assert.Contains("\"event\":\"generations\"", await new StreamReader(new NetworkStream(slow)).ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("there is no such request", await new StreamReader(new NetworkStream(garbage)).ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await service.Daemon.StopsCleanlyAsync();
    }

    private static Socket Connect(Upgradable service)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(service.File("control")));
        return socket;
    }

    /// <summary>Its deploy is over when the old generation has drained, which is after the upgrade; and stderr is still passed on.</summary>
    [Fact]
    public async Task A_client_that_waits_for_its_deploy_goes_on_waiting()
    {
        var slow = Children.Perl("$SIG{TERM} = sub { print STDERR \"bye $ENV{SERVER_STARTER_GENERATION}\\n\"; wait_for('DIR/gate'); print STDERR \"gone\\n\"; exit 0 }; up(); sleep 60 while 1;");
        using var service = new Upgradable(["--control", "DIR/control"], slow);
        await service.Daemon.StatusAsync("1:P");
        await service.Program.LineAsync("^up 1 ");
        using var restart = Command(service, "--restart");
        await service.Program.LineAsync("^bye 1$");
        for (var round = 0; round < 2; round++) await service.UpgradeAsync();
        service.Write("gate", "");
        Assert.Equal(new ProgramExit(0, null), await restart.ExitAsync());
        Assert.Matches("drained\ngeneration 2 serves /.*/perl, the same files as before: nothing has changed$", restart.OutputText.TrimEnd());
        await service.Program.LineAsync("^gone$");
        await service.Daemon.StopsCleanlyAsync();
    }
}
