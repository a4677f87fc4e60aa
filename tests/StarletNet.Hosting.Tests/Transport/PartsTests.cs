using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class PartsTests
{
    [Fact]
    public async Task A_signal_set_before_the_wait_is_kept()
    {
        var signal = new ReadySignal();
        signal.Set();
        signal.Set();
        await signal;
        Assert.False(signal.IsCompleted);
    }

    [Fact]
    public void A_signal_resumes_its_waiter_in_the_setting_thread()
    {
        var signal = new ReadySignal();
        var resumed = 0;
        async Task Wait()
        {
            while (true)
            {
                await signal;
                resumed++;
            }
        }
        _ = Wait();
        signal.Set();
        signal.Set();
        Assert.Equal(2, resumed);
    }

    [Fact]
    public async Task No_signal_is_lost_between_threads()
    {
        var signal = new ReadySignal();
        var flag = 0;
        var seen = 0;
        const int Turns = 200_000;
        var consumer = Task.Run(async () =>
        {
            while (seen < Turns)
            {
                await signal;
                seen = Volatile.Read(ref flag);
            }
        });
        for (var turn = 1; turn <= Turns; turn++)
        {
            Volatile.Write(ref flag, turn);
            signal.Set();
        }
        await consumer.WaitAsync(TestKit.Deadlines.Event);
    }

    [Fact]
    public void Blocks_are_used_again_and_given_back_when_not_needed()
    {
        using var pool = new BlockPool();
        var blocks = Enumerable.Range(0, 64).Select(_ => pool.Rent()).ToList();
        foreach (var block in blocks) block.Dispose();
        Assert.Equal(64, pool.FreeBlocks);
        using (pool.Rent(100)) Assert.Equal(63, pool.FreeBlocks);

        for (var tick = 0; tick < 10; tick++) pool.Trim();
        Assert.Equal(0, pool.FreeBlocks);
    }

    /// <summary>It is still in the processor's cache, and the others turn out to be what nobody needs.</summary>
    [Fact]
    public void The_block_that_was_given_back_last_is_lent_first()
    {
        using var pool = new BlockPool();
        var (cold, warm) = (pool.Rent(), pool.Rent());
        cold.Dispose();
        warm.Dispose();
        for (var tick = 0; tick < 5; tick++)
        {
            for (var rents = 0; rents < 10; rents++)
            {
                using var block = pool.Rent();
                Assert.Same(warm, block);
            }
            pool.Trim();
        }
        Assert.Equal((1, 0), (pool.FreeBlocks, pool.LentBlocks));
        using (pool.Rent()) Assert.Equal((0, 1), (pool.FreeBlocks, pool.LentBlocks));
    }

    [Fact]
    public void A_block_cannot_be_given_back_twice()
    {
        using var pool = new BlockPool();
        var block = pool.Rent();
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(block.Dispose);
    }

    [Fact]
    public async Task A_feature_can_be_added_replaced_hidden_and_listed()
    {
        await using var server = await TestServer.Start(_ => { });
        using var client = server.Connect();
        await TestKit.Eventually.TrueAsync(() => server.Transport.Connections.Count == 1, "accepted");
        var connection = Assert.Single(server.Transport.Connections);
        var features = new ConnectionFeatures(connection);

        Assert.Same(connection, features.Get<IConnectionIdFeature>());
        Assert.Same(connection, features.Get<IConnectionEndPointFeature>());
        Assert.Null(features.Get<IConnectionLifetimeNotificationFeature>());
        for (var n = 0; n < 20; n++) features[Type.GetType($"System.Func`{n % 10 + 1}")!] = n;
        Assert.Equal(19, features[typeof(Func<,,,,,,,,,>)]);

        var before = features.Revision;
        features.Set<IConnectionIdFeature>(null);
        Assert.Null(features.Get<IConnectionIdFeature>());
        Assert.NotEqual(before, features.Revision);
        Assert.DoesNotContain(features, feature => feature.Key == typeof(IConnectionIdFeature));
        Assert.Contains(features, feature => feature.Key == typeof(IConnectionEndPointFeature));
    }

    [Fact]
    public async Task The_end_of_the_input_shows_after_its_last_byte()
    {
        var pipe = new Pipe();
        var reader = new InputReader(pipe.Reader);
        await pipe.Writer.WriteAsync(new byte[10]);
        pipe.Writer.Complete();

        var all = await reader.ReadAsync();
        Assert.False(all.IsCompleted);
        reader.AdvanceTo(all.Buffer.GetPosition(4));
        var rest = await reader.ReadAsync();
        Assert.Equal((6, false), (rest.Buffer.Length, rest.IsCompleted));
        // Seen to the end and still not enough: only now is it cut off.
        reader.AdvanceTo(rest.Buffer.Start, rest.Buffer.End);
        Assert.True(reader.TryRead(out var end));
        Assert.Equal((6, true), (end.Buffer.Length, end.IsCompleted));
        reader.AdvanceTo(end.Buffer.End);
        Assert.True((await reader.ReadAsync()).IsCompleted);
    }

    [Fact]
    public async Task An_error_shows_after_the_last_byte_too()
    {
        var pipe = new Pipe();
        var reader = new InputReader(pipe.Reader) { EndsWith = new IOException("the end") };
        await pipe.Writer.WriteAsync(new byte[10]);
        pipe.Writer.Complete();

        var all = await reader.ReadAsync();
        Assert.Equal((10, false), (all.Buffer.Length, all.IsCompleted));
        reader.AdvanceTo(all.Buffer.End);
        // Again and again.
        await Assert.ThrowsAsync<IOException>(async () => await reader.ReadAsync());
        Assert.Throws<IOException>(() => reader.TryRead(out _));
    }

    [Fact]
    public async Task Whoever_watches_finds_the_read_awaited_from_the_first_moment_on()
    {
        var pipe = new Pipe();
        var reader = new InputReader(pipe.Reader);
        var watch = new Watcher(reader);
        reader.Watch = watch;
        var reading = reader.ReadAsync();
        Assert.Equal([true], watch.Found);
        await pipe.Writer.WriteAsync(new byte[1]);
        reader.AdvanceTo((await reading).Buffer.End);
        Assert.False(reader.IsAwaited);
    }

    /// <summary>In a pool that has no thread for it, for one.</summary>
    [Fact]
    public async Task A_read_whose_bytes_have_come_does_not_wait_for_the_client()
    {
        var later = new Later();
        var pipe = new Pipe(new PipeOptions(readerScheduler: later, useSynchronizationContext: false));
        var reader = new InputReader(pipe.Reader);
        var reading = reader.ReadAsync().AsTask();
        Assert.True(reader.IsAwaited);
        await pipe.Writer.WriteAsync(new byte[1]);
        Assert.False(reading.IsCompleted);
        Assert.False(reader.IsAwaited);
        later.Run();
        Assert.Equal(1, (await reading).Buffer.Length);
    }

    private sealed class Later : PipeScheduler
    {
        private Action? _work;

        public override void Schedule(Action<object?> action, object? state) => _work += () => action(state);

        internal void Run() => _work?.Invoke();
    }

    private sealed class Watcher(InputReader reader) : IConnectionWatch
    {
        internal List<bool> Found { get; } = [];

        public void InputAwaited() => Found.Add(reader.IsAwaited);

        public void OutputAwaited(bool awaited) => Assert.Fail("nothing is sent");

        public void Closed() => Assert.Fail("nothing is closed");
    }

    [Fact]
    public void Connection_ids_are_never_repeated()
    {
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => ConnectionIds.Next()).Distinct().Count());
    }

    [Theory]
    [InlineData("127.0.0.1:80", "http://127.0.0.1:80")]
    [InlineData("[::1]:80", "http://[::1]:80")]
    [InlineData("[fe80::1%2]:80", "http://[100::8]:1")]
    public void Tcp_listeners_are_named_as_urls(string endPoint, string address)
    {
        Assert.Equal(address, ListenerAddress.Of(IPEndPoint.Parse(endPoint), 7).Address);
    }
}
