using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using StarletNet.Hosting.Transport;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Transport;

public sealed class AcceptTests
{
    private static void Routes(WebApplication app) => app.MapGet("/", () => "hello");

    [Fact]
    public async Task Nothing_is_accepted_before_the_word()
    {
        await using var server = await TestServer.Start(Routes, accept: false);
        using var client = server.Connect();
        client.Get("/");
        // Longer than a tick, so that the accept without a wake-up has had its chance too.
        await Task.Delay(1500);
        Assert.Equal(0, server.Transport.Connections.Count);

        server.Transport.StartAccepting();

        Assert.Equal("hello", client.AnswerText());
    }

    [Fact]
    public async Task What_is_sent_on_an_accepted_connection_waits_for_no_full_segment()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        client.Get("/");
        client.AnswerText();

        Assert.True(SendsAtOnce(Assert.Single(server.Transport.Connections).Descriptor));
    }

    private static unsafe bool SendsAtOnce(int descriptor)
    {
        int value;
        uint length = sizeof(int);
        Assert.Equal(0, LibC.getsockopt(descriptor, LibC.IPPROTO_TCP, LibC.TCP_NODELAY, &value, &length));
        return value != 0;
    }

    [Fact]
    public async Task What_waits_in_the_queue_when_accepting_stops_is_served()
    {
        // The queue is filled before the loop has any chance to empty it by its wake-ups.
        await using var server = await TestServer.Start(Routes, accept: false);
        var clients = Enumerable.Range(0, 200).Select(_ => server.Connect()).ToList();
        foreach (var client in clients) client.Get("/");

        server.Transport.StartAccepting();
        server.Transport.StopAccepting();

        Assert.Null(server.Listener.Accept());
        foreach (var client in clients)
        {
            Assert.Equal("hello", client.AnswerText());
            client.Dispose();
        }
        await server.Transport.Connections.WhenEmpty().WaitAsync(Deadlines.Event);
    }

    [Fact]
    public async Task After_the_stop_the_queue_belongs_to_others()
    {
        await using var server = await TestServer.Start(Routes);
        server.Transport.StopAccepting();
        server.Transport.StopAccepting();
        using var client = server.Connect();
        await Task.Delay(1500);

        using var accepted = server.Listener.Accept();
        Assert.NotNull(accepted);
        Assert.Equal(0, server.Transport.Connections.Count);
    }

    [Fact]
    public async Task Accepted_connections_are_served_after_the_listener_was_unbound()
    {
        await using var server = await TestServer.Start(Routes);
        using var client = server.Connect();
        client.Get("/");
        Assert.Equal("hello", client.AnswerText());
        server.Transport.StopAccepting();

        client.Get("/");
        Assert.Equal("hello", client.AnswerText());
    }

    [Fact]
    public async Task A_wake_up_spent_on_a_sibling_costs_a_second_and_no_more()
    {
        await using var server = await TestServer.Start(Routes, accept: false);
        using var sibling = new StoppedSibling(server.Listener.Fd);
        server.Transport.StartAccepting();
        using var client = server.Connect();
        client.Get("/");

        Assert.Equal("hello", client.AnswerText());
        Assert.True(sibling.WasWoken.Wait(Deadlines.Event), "the test proves nothing: the sibling was not woken");
    }

    private readonly EpollTransport[] _siblings = new EpollTransport[2];

    private EpollTransport Sibling(RawListener listener, int place, TransportOptions options) =>
        _siblings[place] = new EpollTransport([new WorkerListener(listener.Fd, HttpVersions.Usual)], new CapturedLog(),
            options with { FewestOfSiblings = () => _siblings[1 - place].Connections.Count });

    [Fact]
    public async Task Two_who_share_a_listener_share_what_comes_at_once()
    {
        const int Clients = 32;
        // However long one of them may have to wait for a processor here.
        var patient = new TransportOptions { Courtesy = TimeSpan.FromHours(1) };
        using var listener = new RawListener(new IPEndPoint(IPAddress.Loopback, 0));
        await using var first = Sibling(listener, 0, patient);
        await using var second = Sibling(listener, 1, patient);
        var clients = Enumerable.Range(0, Clients).Select(_ => new RawClient(first.Listeners[0].EndPoint)).ToList();
        first.StartAccepting();
        await Eventually.TrueAsync(() => first.Connections.Count > 0, "the first one is at work");
        second.StartAccepting();

        await Eventually.TrueAsync(() => first.Connections.Count + second.Connections.Count == Clients, "all are accepted");
        Assert.InRange(first.Connections.Count, Clients * 2 / 5, Clients * 3 / 5);
        foreach (var client in clients) client.Dispose();
    }

    [Fact]
    public async Task What_was_left_to_a_sibling_that_does_not_come_is_taken()
    {
        const int Clients = 100;
        using var listener = new RawListener(new IPEndPoint(IPAddress.Loopback, 0));
        await using var only = Sibling(listener, 0, new TransportOptions());
        await using var absent = Sibling(listener, 1, new TransportOptions());
        var clients = Enumerable.Range(0, Clients).Select(_ => new RawClient(only.Listeners[0].EndPoint)).ToList();
        only.StartAccepting();

        await Eventually.TrueAsync(() => only.Connections.Count == Clients, "all are accepted");
        foreach (var client in clients) client.Dispose();
    }

    [Fact]
    public async Task Two_who_share_a_listener_share_its_connections()
    {
        const int Clients = 32;
        using var listener = new RawListener(new IPEndPoint(IPAddress.Loopback, 0));
        await using var first = Sibling(listener, 0, new TransportOptions());
        await using var second = Sibling(listener, 1, new TransportOptions());
        first.StartAccepting();
        second.StartAccepting();

        var clients = new List<RawClient>();
        for (var n = 1; n <= Clients; n++)
        {
            clients.Add(new RawClient(first.Listeners[0].EndPoint));
            // One after the other, so that both are idle each time: then the kernel always wakes the same one.
            await Eventually.TrueAsync(() => first.Connections.Count + second.Connections.Count == n, "the connection is accepted");
        }

        Assert.InRange(first.Connections.Count, Clients * 2 / 5, Clients * 3 / 5);
        foreach (var client in clients) client.Dispose();
    }

    [Fact]
    public async Task Who_is_full_leaves_what_comes_to_a_sibling()
    {
        const int Clients = 24;
        using var listener = new RawListener(new IPEndPoint(IPAddress.Loopback, 0));
        // Without patience with each other they would share evenly.
        await using var full = Sibling(listener, 0, new TransportOptions { IsFull = _ => true, Courtesy = TimeSpan.Zero });
        await using var other = Sibling(listener, 1, new TransportOptions { Courtesy = TimeSpan.Zero });
        full.StartAccepting();
        other.StartAccepting();

        var clients = new List<RawClient>();
        for (var n = 1; n <= Clients; n++)
        {
            clients.Add(new RawClient(full.Listeners[0].EndPoint));
            await Eventually.TrueAsync(() => full.Connections.Count + other.Connections.Count == n, "the connection is accepted");
        }

        // What it was woken for before it stepped aside, and what it happened to find at a tick.
        Assert.InRange(full.Connections.Count, 0, 4);
        foreach (var client in clients) client.Dispose();
    }

    [Fact]
    public async Task Who_is_full_takes_what_nobody_else_takes_and_again_everything_when_he_is_not()
    {
        var isFull = true;
        using var listener = new RawListener(new IPEndPoint(IPAddress.Loopback, 0));
        await using var only = Sibling(listener, 0, new TransportOptions { IsFull = _ => Volatile.Read(ref isFull) });
        await using var absent = Sibling(listener, 1, new TransportOptions());
        only.StartAccepting();
        var clients = new List<RawClient>();
        for (var n = 1; n <= 3; n++)
        {
            clients.Add(new RawClient(only.Listeners[0].EndPoint));
            await Eventually.TrueAsync(() => only.Connections.Count == n, "it is accepted");
        }

        Volatile.Write(ref isFull, false);
        for (var n = 4; n <= 20; n++)
        {
            clients.Add(new RawClient(only.Listeners[0].EndPoint));
            await Eventually.TrueAsync(() => only.Connections.Count == n, "it is accepted");
        }
        foreach (var client in clients) client.Dispose();
    }

    [Fact]
    public async Task A_connection_that_has_sent_nothing_holds_no_buffer_and_one_that_has_is_answered_off_the_loop()
    {
        var onPool = false;
        await using var server = await TestServer.Start(
            app => app.MapGet("/", () => { onPool = Thread.CurrentThread.IsThreadPoolThread; }), accept: false);
        using var silent = server.Connect();
        using var client = server.Connect();
        client.Get("/");
        server.Transport.StartAccepting();

        client.Answer();
        Assert.True(onPool, "its request had come before it was accepted, so the thread that starts the connection answers it");
        await Eventually.TrueAsync(() => server.Transport.Connections.Count == 2, "both are accepted");
        await Eventually.TrueAsync(() => server.Transport.LentBlocks == 0, "no block is lent");
    }

    /// <summary>Waits for the listener before the server does, takes the exclusive wake-up, and does nothing with it.</summary>
    private sealed unsafe class StoppedSibling : IDisposable
    {
        /// <summary>At most 15 characters: the kernel keeps no more.</summary>
        private const string ThreadName = "stopped sibling";

        private volatile bool _entering;
        private readonly FileDescriptor _epoll = new(LibC.epoll_create1(LibC.EPOLL_CLOEXEC));
        private readonly Thread _thread;

        internal StoppedSibling(int listener)
        {
            LibC.epoll_ctl(_epoll.Number, LibC.EPOLL_CTL_ADD, listener, LibC.EPOLLIN | LibC.EPOLLEXCLUSIVE | LibC.EPOLLET, 0);
            _thread = new Thread(() =>
            {
                var events = stackalloc byte[16];
                _entering = true;
                if (LibC.epoll_wait(_epoll.Number, events, 1, (int)Deadlines.Event.TotalMilliseconds) == 1) WasWoken.Set();
            })
            { Name = ThreadName };
            _thread.Start();
            // Only one that really sleeps there takes the wake-up; one that comes a moment later finds the connection gone.
            if (!SpinWait.SpinUntil(() => _entering && IsAsleep(), Deadlines.Event)) throw new TimeoutException("the sibling does not wait");
        }

        private static bool IsAsleep() => Directory.GetDirectories("/proc/self/task").Any(IsAsleep);

        private static bool IsAsleep(string task)
        {
            try
            {
                return File.ReadAllText(Path.Combine(task, "comm")).Trim() == ThreadName
                    && File.ReadAllText(Path.Combine(task, "stat")).Split(") ")[1][0] == 'S';
            }
            catch (IOException)
            {
                // some other thread, which has ended meanwhile
                return false;
            }
        }

        internal ManualResetEventSlim WasWoken { get; } = new();

        public void Dispose()
        {
            _thread.Join();
            _epoll.Dispose();
            WasWoken.Dispose();
        }
    }
}

/// <summary>Lowers the limit of the whole process, so nothing may run beside it.</summary>
[CollectionDefinition(nameof(DescriptorLimit), DisableParallelization = true)]
public sealed class DescriptorLimit;

[Collection(nameof(DescriptorLimit))]
public sealed class AcceptWithoutDescriptorsTests
{
    private const int RLIMIT_NOFILE = 7;

    [Fact]
    public async Task Running_out_of_descriptors_costs_no_connection()
    {
        await using var server = await TestServer.Start(app => app.MapGet("/", () => "hello"), accept: false);
        using var waiting = server.Connect();
        waiting.Get("/");
        // A thread needs a descriptor to start: so the runtime's own for timers starts before there is none.
        await using var timers = new Timer(static _ => { }, null, Deadlines.Event, Timeout.InfiniteTimeSpan);
        var normal = Limit;
        Limit = 3;
        try
        {
            server.Transport.StartAccepting();
            await Eventually.TrueAsync(() => !server.Log.Lines.IsEmpty, "the failure is logged");
        }
        finally
        {
            Limit = normal;
        }

        Assert.Equal("hello", waiting.AnswerText());
        Assert.Contains("Too many open files", server.Log.Lines.First());
        // Out of epoll until the next tick: no busy loop, no flood of lines.
        Assert.InRange(server.Log.Lines.Count, 1, 5);
    }

    private static unsafe ulong Limit
    {
        get
        {
            var limit = stackalloc ulong[2];
            Assert.Equal(0, GetLimit(RLIMIT_NOFILE, limit));
            return limit[0];
        }

        set
        {
            var limit = stackalloc ulong[2];
            Assert.Equal(0, GetLimit(RLIMIT_NOFILE, limit));
            limit[0] = value;
            Assert.Equal(0, SetLimit(RLIMIT_NOFILE, limit));
        }
    }

    [DllImport("libc", EntryPoint = "getrlimit")]
    private static extern unsafe int GetLimit(int resource, ulong* limit);

    [DllImport("libc", EntryPoint = "setrlimit")]
    private static extern unsafe int SetLimit(int resource, ulong* limit);
}
