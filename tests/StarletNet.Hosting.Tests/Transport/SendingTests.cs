using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>When what has been flushed is sent, part by part.</summary>
public sealed class SendingTests
{
    private readonly List<int> _sent = [];

    [Fact]
    public void In_a_callback_it_waits_and_whoever_comes_first_sends_once() => InCallbacks(1, flush =>
    {
        var output = flush(1);
        Assert.Empty(_sent);
        output.Run();
        output.Run();
        Assert.Equal([1], _sent);
    });

    [Fact]
    public void What_comes_after_something_was_sent_before_its_time_waits_again() => InCallbacks(1, flush =>
    {
        var output = flush(1);
        output.Run();
        output.Schedule(_ => _sent.Add(2), null);
        Assert.Equal([1], _sent);
        output.Run();
        Assert.Equal([1, 2], _sent);
    });

    [Fact]
    public async Task Who_takes_all_at_once_does_not_keep_the_loop_to_himself()
    {
        const int Total = 64 << 20;
        await using var server = await TestServer.Start(
            app => app.MapGet("/", (HttpContext context) => context.Response.Body.WriteAsync(new byte[Total]).AsTask()),
            options: new TransportOptions { SentPerTurn = 1, Loop = LoopMode.Inline });
        using var client = server.Connect();
        client.Get("/", "Connection: close\r\n");
        // Until then the thread that flushes sends; what remains, the loop.
        await BackPressureTests.NoProgress(() => server.Transport.Connections.Sum(connection => connection.BytesOut));
        var before = server.Transport.Turns;
        long received = 0;
        var buffer = new byte[1 << 20];
        for (int count; (count = client.Socket.Receive(buffer)) > 0;) received += count;

        Assert.InRange(received, Total, Total + 1000);
        // A turn for each call to the kernel, which takes a megabyte at most.
        Assert.InRange(server.Transport.Turns - before, Total >> 22, int.MaxValue);
    }

    [Fact]
    public void Elsewhere_it_is_sent_at_once()
    {
        using var loop = Started(NewLoop());
        new OutputDispatch(loop).Schedule(_ => _sent.Add(1), null);
        Assert.Equal([1], _sent);
    }

    [Fact]
    public async Task Where_many_flush_another_thread_sends()
    {
        using var loop = Started(NewLoop());
        var output = new OutputDispatch(loop);
        output.ExpectMany();
        var sender = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        // A thread of its own: one of the pool's could be the one that sends.
        var flusher = new Thread(() => output.Schedule(_ => sender.SetResult(Environment.CurrentManagedThreadId), null));
        flusher.Start();
        Assert.NotEqual(flusher.ManagedThreadId, await sender.Task.WaitAsync(TestKit.Deadlines.Event));
    }

    [Fact]
    public void A_batch_is_sent_in_order_when_it_is_full_and_before_the_kernel_is_waited_for() => InCallbacks(SendBatch.Most + 2, flush =>
    {
        var batch = new SendBatch();
        for (var n = 1; n <= SendBatch.Most + 2; n++)
        {
            batch.Add(flush(n));
            // Sooner on a busy machine, which lets the time run out.
            Assert.InRange(_sent.Count, n / SendBatch.Most, n);
        }
        batch.Send();
        batch.Send();
        Assert.Equal(Enumerable.Range(1, SendBatch.Most + 2), _sent);
    });

    [Fact]
    public void A_batch_does_not_wait_long_for_more() => InCallbacks(2, flush =>
    {
        var batch = new SendBatch();
        batch.Add(flush(1));
        Thread.Sleep(1);
        batch.Add(flush(2));
        Assert.Equal([1, 2], _sent);
    });

    private static EpollLoop NewLoop()
    {
        var threads = new LoopThreads(most: 2, loops: 1);
        return new EpollLoop(new ConnectionSet(null), threads, new BlockingMemory(), new ElsewhereDispatch(threads, new PoolDispatch(), new PoolRuns(new BlockingMemory())), new HeldOutputs());
    }

    private static EpollLoop Started(EpollLoop loop)
    {
        loop.Start([]);
        return loop;
    }

    /// <summary>On a thread that believes to be in a callback; each flush on a loop of its own, since a loop holds one output.</summary>
    private void InCallbacks(int count, Action<Func<int, OutputDispatch>> test)
    {
        Exception? failure = null;
        var loops = Enumerable.Range(0, count).Select(_ => NewLoop()).ToList();
        var thread = new Thread(() => failure = Record.Exception(() =>
        {
            var me = new LoopThread();
            me.BecomeCurrent();
            test(n =>
            {
                me.Loop = loops[n - 1];
                me.Inside = me.Loop.Ownership.Word;
                var output = new OutputDispatch(me.Loop);
                output.Schedule(_ => _sent.Add(n), null);
                return output;
            });
        }));
        thread.Start();
        thread.Join();
        // Not before: an owner that begins to run a loop sends what is deferred there.
        foreach (var loop in loops) Started(loop).Dispose();
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
    }
}
