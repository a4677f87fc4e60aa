using System.Globalization;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>Tests whose applications block threads of the pool, which others in the process would miss.</summary>
[CollectionDefinition(nameof(BlockedThreads), DisableParallelization = true)]
public sealed class BlockedThreads;

/// <summary>
/// Loops that change hands all the time, under clients that do everything a client can do. Short here;
/// <c>STARLETNET_STRESS_SECONDS=300</c> makes it long, <c>STARLETNET_STRESS_SEED</c> another one.
/// </summary>
[Collection(nameof(BlockedThreads))]
public sealed class StressTests(ITestOutputHelper output)
{
    private const int Clients = 24;

    private static readonly int Seconds = Setting("STARLETNET_STRESS_SECONDS", 5);
    private static readonly int Seed = Setting("STARLETNET_STRESS_SEED", 1);

    private static int Setting(string name, int @default) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : @default;

    [Theory]
    [InlineData(1, 64)]
    [InlineData(2, 64)]
    // Threads for little more than the loops: they often have to do without a spare.
    [InlineData(1, 3)]
    [InlineData(2, 4)]
    // Nothing is learned, so that answers are sent in batches, as they are where nobody blocks, and loops change hands in the middle of one.
    [InlineData(1, 64, true)]
    public async Task No_byte_is_lost_doubled_or_anothers(int loops, int threads, bool forgets = false)
    {
        var options = new TransportOptions { Loop = LoopMode.Inline, Loops = loops, MaxThreads = threads };
        await using var server = await TestServer.Start(StressRoutes.Map, options: options, asWorker: true);
        var until = DateTime.UtcNow.AddSeconds(Seconds);
        var clients = Enumerable.Range(0, Clients).Select(n => new StressClient(server.EndPoint, n, (Seed * 1000) + n)).ToList();
        // Threads of their own: the server's application code may keep every thread of the pool.
        var running = clients.Select(client => Task.Factory.StartNew(() => client.Run(until), TaskCreationOptions.LongRunning)).ToList();
        while (forgets && DateTime.UtcNow < until)
        {
            server.Transport.Memory.Fade();
            Thread.Yield();
        }
        await Task.WhenAll(running).WaitAsync(TimeSpan.FromSeconds(Seconds) + TestKit.Deadlines.Event);
        await server.Transport.Connections.WhenEmpty().WaitAsync(TestKit.Deadlines.Event);

        output.WriteLine($"{clients.Sum(c => c.Answered)} answers checked, {clients.Sum(c => c.GivenUp)} given up by the client, "
            + $"{clients.Sum(c => c.CutOff)} cut off as asked, {clients.Sum(c => c.Connections)} connections; "
            + $"{server.Transport.TakeOvers} take-overs, {server.Transport.Threads.Count} threads at the end");
        Assert.True(server.Transport.TakeOvers > 0, "no loop was taken over");
        Assert.InRange(server.Transport.Threads.Count, loops, threads);
        Assert.True(clients.All(c => c.Answered > 0) && clients.Any(c => c.GivenUp > 0) && clients.Any(c => c.CutOff > 0), "too little has happened");
        Assert.Empty(server.Log.Lines);
    }
}
