using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using StarletNet.TestKit;

namespace StarletNet.StartServer.Tests.Processes;

/// <summary>sd_notify(3) upwards, heard by a notify socket of our own.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly byte[] _buffer = new byte[4096];

    public ServiceManagerTests() => _socket.Bind(new UnixDomainSocketEndPoint(_scratch.File("notify")));

    public void Dispose()
    {
        _socket.Dispose();
        _scratch.Dispose();
    }

    private Superdaemon Start(string[] options, string[] child, params (string Name, string Value)[] more) => Superdaemon.Start(
        options, child, environment: more.Append(("NOTIFY_SOCKET", _scratch.File("notify"))).ToDictionary(v => v.Item1, v => v.Item2));

    private async Task<string> NextAsync() => Encoding.UTF8.GetString(_buffer, 0, await _socket.ReceiveAsync(_buffer).WaitAsync(Deadlines.Event));

    /// <summary>The next message that has this assignment; those in between only tell a status.</summary>
    private async Task<string> NextAsync(string assignment)
    {
        while (true)
        {
            var message = await NextAsync();
            if (message.Split('\n').Contains(assignment)) return message;
            Assert.DoesNotMatch("(?m)^(READY|RELOADING|STOPPING)=", message);
        }
    }

    [Fact]
    public async Task It_hears_of_the_start_of_each_deploy_and_of_the_end()
    {
        using var superdaemon = Start([], Children.Serve);
        var first = (await superdaemon.StatusAsync("1:P"))[0];
        Assert.Equal($"READY=1\nMAINPID={superdaemon.Program.Pid}\nSTATUS=generation 1 (pid {first}) serves", await NextAsync("READY=1"));
        await superdaemon.Program.LineAsync("^up 1 ");

        var before = Stopwatch.GetTimestamp() / 1000;
        superdaemon.Program.Send(UnixSignal.Hup);
        var reloading = await NextAsync("RELOADING=1");
        Assert.InRange(long.Parse(Regex.Match(reloading, @"\nMONOTONIC_USEC=(\d+)\n").Groups[1].Value, CultureInfo.InvariantCulture), before, Stopwatch.GetTimestamp() / 1000);
        Assert.Matches($@"\nSTATUS=generation 1 \(pid {first}\) serves; generation 2 \(pid \d+\) is starting$", reloading);
        Assert.Matches($@"\nSTATUS=generation 2 \(pid \d+\) serves; old ones that have not ended yet: {first}$", await NextAsync("READY=1"));
        var second = (await superdaemon.StatusAsync("2:P"))[0];
        Assert.Equal($"STATUS=generation 2 (pid {second}) serves", await NextAsync());

        await superdaemon.StopsCleanlyAsync();
        Assert.Equal($"STOPPING=1\nSTATUS=stopping, waiting for {second}", await NextAsync("STOPPING=1"));
    }

    [Fact]
    public async Task A_deploy_whose_first_attempt_fails_is_not_waited_for()
    {
        using var superdaemon = Start(["--interval", "1"], Children.Perl("exit 1 if $ENV{SERVER_STARTER_GENERATION} > 1; up(); sleep 60 while 1;"));
        await NextAsync("READY=1");
        await superdaemon.StatusAsync("1:P");
        superdaemon.Program.Send(UnixSignal.Hup);
        await NextAsync("RELOADING=1");
        Assert.Matches(@"\nSTATUS=generation 1 \(pid \d+\) serves; attempts that failed: 1, the next is due$", await NextAsync("READY=1"));
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task A_hup_during_the_first_start_does_not_swallow_ready()
    {
        using var superdaemon = Start(["--interval", "1"], Children.Serve);
        await superdaemon.Program.LineAsync("^up 1 ");
        superdaemon.Program.Send(UnixSignal.Hup);
        // The first generation is given up for the second, which is then the first that serves.
        await NextAsync("READY=1");
        await superdaemon.StatusAsync("2:P");
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task The_watchdog_is_fed_by_the_loop_at_half_its_time()
    {
        using var superdaemon = Start([], Children.Serve, ("WATCHDOG_USEC", "400000"));
        await NextAsync("READY=1");
        for (var count = 0; count < 3; count++) await NextAsync("WATCHDOG=1");
        // A loop that hangs is noticed: nothing else feeds it.
        superdaemon.Program.Send(UnixSignal.Stop);
        await Task.Delay(100);
        while (_socket.Available > 0) await NextAsync();
        Assert.False(await Eventually.HoldsAsync(() => _socket.Available > 0, TimeSpan.FromMilliseconds(600)));
        superdaemon.Program.Send(UnixSignal.Cont);
        await NextAsync("WATCHDOG=1");
        await superdaemon.StopsCleanlyAsync();
    }

    /// <summary>The kernel holds a few messages for him, and no more: who waited for him would supervise nobody meanwhile.</summary>
    [Fact]
    public async Task A_manager_that_does_not_read_holds_nothing_up_and_hears_the_last_report_when_he_does()
    {
        using var filler = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        filler.Connect(new UnixDomainSocketEndPoint(_scratch.File("notify")));
        try
        {
            for (var count = 0; count < 1000; count++) filler.Send("STATUS=full"u8);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.WouldBlock)
        {
        }
        var clock = Stopwatch.StartNew();
        using var superdaemon = Start([], Children.Serve);
        await superdaemon.StatusAsync("1:P");
        superdaemon.Program.Send(UnixSignal.Hup);
        var second = (await superdaemon.StatusAsync("2:P"))[0];
        // Of these four changes each would have been waited for, five seconds long.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(14));
        string report;
        while ((report = await NextAsync()) == "STATUS=full") { }
        while (!report.EndsWith($"STATUS=generation 2 (pid {second}) serves", StringComparison.Ordinal)) report = await NextAsync();
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task An_upgrade_goes_on_feeding_the_watchdog_and_says_who_serves()
    {
        using var superdaemon = Start([], Children.Serve, ("WATCHDOG_USEC", "60000000"));
        await NextAsync("READY=1");
        await superdaemon.StatusAsync("1:P");
        superdaemon.Program.Send(UnixSignal.Usr2);
        // At once, since nobody knows how much of the time had passed; otherwise after half a minute.
        await NextAsync("WATCHDOG=1");
        await NextAsync("READY=1");
        await superdaemon.Program.LineAsync(Upgradable.TakenOver);
        await superdaemon.StopsCleanlyAsync();
    }

    [Fact]
    public async Task Systemd_notify_of_a_generation_reaches_us_and_ours_reaches_the_manager()
    {
        var notify = SystemPrograms.Find("systemd-notify");
        Assert.SkipWhen(notify is null, "systemd-notify is not installed (Debian package systemd)");
        using var superdaemon = Start(["--interval", "3600"], ["sh", "-c", $"{notify} --ready; exec sleep 600"]);
        await NextAsync("READY=1");
        await superdaemon.StatusAsync("1:P");
        await superdaemon.StopsCleanlyAsync();
    }
}
