using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Processes;
using StarletNet.Shared.Tests.Processes;
using StarletNet.TestKit;

namespace StarletNet.Shared.Tests.Events;

[Collection("children")]
public sealed class EventQueueTests : IDisposable
{
    private readonly EventQueue _queue = new();

    public void Dispose() => _queue.Dispose();

    private ChildProcess Start(string script, string notifyAddress = "") => _queue.Start(new ChildSpec
    {
        Program = "perl",
        Arguments = ["-e", script],
        Environment = new Dictionary<string, string>(ChildProcessTests.BareEnvironment) { ["NOTIFY_SOCKET"] = notifyAddress },
        LauncherPath = ChildProcessTests.LauncherPath,
    });

    private static Task EndedAsync(ChildProcess child) =>
        Eventually.TrueAsync(() => ProcessEntry.Read(child.Pid) is { IsZombie: true }, "the child has ended");

    [Fact]
    public async Task What_a_child_said_comes_before_its_death_and_a_timer_after_it()
    {
        using var receiver = NotifyReceiver.Create();
        _queue.Watch(receiver.Socket, receiver);
        var child = Start(
            "use Socket; my $n = $ENV{NOTIFY_SOCKET}; $n =~ s/^@/\\0/; socket(my $s, AF_UNIX, SOCK_DGRAM, 0); send($s, 'READY=1', 0, pack_sockaddr_un($n)); exit 4",
            receiver.Address);
        _queue.SetTimer("timer", TimeSpan.Zero);
        await EndedAsync(child);
        // The waitpid thread may need a moment more than /proc to notice; the timer must not be alone then.
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal(
            [new Readable(receiver), new ChildExited(child.Pid, new ChildExit(4 << 8)), new TimerFired("timer")],
            _queue.Take().Select(happened => happened is ChildExited exited ? exited with { Exit = new ChildExit(exited.Exit.RawStatus) } : happened));
        Assert.Equal("READY=1", receiver.Receive()!.Text);
        Assert.Null(ProcessEntry.Read(child.Pid));
    }

    [Fact]
    public async Task Children_that_end_together_are_all_reported()
    {
        var children = Enumerable.Range(0, 5).Select(code => Start($"exit {code}")).ToArray();
        foreach (var child in children) await EndedAsync(child);
        var ends = new Dictionary<int, int>();
        while (ends.Count < children.Length)
            foreach (var exited in _queue.Take().OfType<ChildExited>()) ends.Add(exited.Pid, exited.Exit.Code);
        Assert.Equal([0, 1, 2, 3, 4], children.Select(child => ends[child.Pid]));
    }

    [Fact]
    public async Task Term_comes_before_hup_whatever_came_first()
    {
        _queue.Handle(Signal.Hup, Signal.Usr1, Signal.Term);
        // When .NET has called the handlers is not to be seen from here: try until both are in one batch.
        for (var attempt = 0; attempt < 50; attempt++)
        {
            Signal.Hup.SendTo(Environment.ProcessId);
            Signal.Usr1.SendTo(Environment.ProcessId);
            Signal.Term.SendTo(Environment.ProcessId);
            await Task.Delay(20 * (attempt + 1), TestContext.Current.CancellationToken);
            var batch = new List<Event>();
            var first = _queue.Take();
            batch.AddRange(first);
            while (batch.Count < 3) batch.AddRange(_queue.Take());
            if (first.Count < 3) continue;
            Assert.Equal([new SignalReceived(Signal.Term), new SignalReceived(Signal.Hup), new SignalReceived(Signal.Usr1)], first);
            return;
        }
        Assert.Fail("the three signals never came in one batch");
    }

    [Fact]
    public void An_ignored_signal_arrives_once_it_is_handled()
    {
        Signal.Winch.Ignore();
        _queue.Handle(Signal.Winch);
        Signal.Winch.SendTo(Environment.ProcessId);
        Assert.Equal(new SignalReceived(Signal.Winch), Assert.Single(_queue.Take()));
    }

    [Fact]
    public void Timers_fire_in_order_and_not_when_cancelled_or_moved()
    {
        _queue.SetTimer("late", TimeSpan.FromMilliseconds(60));
        _queue.SetTimer("early", TimeSpan.FromMilliseconds(1));
        _queue.SetTimer("never", TimeSpan.FromMilliseconds(1));
        _queue.SetTimer("moved", TimeSpan.FromMilliseconds(1));
        _queue.SetTimer("moved", TimeSpan.FromDays(4000));
        _queue.CancelTimer("never");
        var fired = new List<Event>();
        while (fired.Count < 2) fired.AddRange(_queue.Take());
        Assert.Equal([new TimerFired("early"), new TimerFired("late")], fired);
    }

    [Fact]
    public void A_watched_descriptor_is_reported_until_it_is_read_or_forgotten()
    {
        var (read, write) = FileDescriptor.Pipe();
        using (read)
        {
            using (write) _queue.Watch(read, "pipe");
            Assert.Equal([new Readable("pipe")], _queue.Take());
            Assert.Equal([new Readable("pipe")], _queue.Take());
            _queue.Unwatch("pipe");
            _queue.SetTimer("end", TimeSpan.Zero);
            Assert.Equal([new TimerFired("end")], _queue.Take());
        }
    }
}
