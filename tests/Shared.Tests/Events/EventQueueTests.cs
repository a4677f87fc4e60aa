using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StarletNet.Shared.Tests.Processes;
using StarletNet.TestKit;

namespace StarletNet.Shared.Tests.Events;

/// <summary>Timers and descriptors here; whatever has to do with signals and children in a process of its own: see QueueStories.</summary>
public sealed class EventQueueTests : IDisposable
{
    private readonly EventQueue _queue = new();

    public void Dispose() => _queue.Dispose();

    [Theory]
    [InlineData("last words", "readable, exit code 4, timer", "READY=1, reaped")]
    [InlineData("children", "exit code 0, exit code 1, exit code 2, exit code 3, exit code 4, HUP")]
    [InlineData("signals", "TERM, HUP, USR1")]
    [InlineData("values", "TERM 7 from itself, QUIT 2147483647 from itself, HUP, USR1 -9 from itself")]
    [InlineData("ignored", "HUP, WINCH", "exit code 7")]
    [InlineData("exec", "exit code 9, TERM, HUP")]
    public async Task What_is_pending_comes_in_one_batch_and_in_order(string story, params string[] batches)
    {
        using var program = Play(story);
        Assert.Equal(new ProgramExit(0, null), await program.ExitAsync());
        Assert.Equal(batches, Lines(program));
    }

    [Fact]
    public async Task No_thread_takes_a_signal_away_from_the_queue()
    {
        using var program = Play("threads");
        Assert.Equal(new ProgramExit(0, null), await program.ExitAsync());
        var lines = Lines(program);
        var threads = lines.TakeWhile(line => line.StartsWith("blocked", StringComparison.Ordinal)).ToArray();
        // HUP, TERM and CHLD; the eight that the story makes, and those of the runtime.
        Assert.True(threads.Length > 10, program.OutputText);
        Assert.All(threads, line => Assert.Equal("blocked 14001", line));
        Assert.Equal(Enumerable.Repeat("HUP", 100), lines[threads.Length..]);
    }

    private static ProgramUnderTest Play(string story) => ProgramUnderTest.Start(ChildProcessTests.LauncherPath, ["queue", story]);

    private static string[] Lines(ProgramUnderTest program) => [.. program.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    [Fact]
    public void A_child_is_not_started_where_nobody_would_notice_its_end() =>
        Assert.Throws<InvalidOperationException>(() => _queue.Start(new ChildSpec { Program = "true", Arguments = [], Environment = ChildProcessTests.BareEnvironment }));

    [Fact]
    public void Timers_fire_in_order_and_not_when_cancelled_or_moved()
    {
        _queue.SetTimer("late", TimeSpan.FromSeconds(1));
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
