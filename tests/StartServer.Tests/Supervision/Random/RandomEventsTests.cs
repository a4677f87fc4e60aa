using System.Globalization;
using System.Reflection;
using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StarletNet.StartServer.Tests.Supervision.Random;

/// <summary>
/// Thousands of lives of a superdaemon, each from a seed of its own. A seed that fails is printed with its history, and can be
/// repeated alone: STARLETNET_SEED=N runs that one, STARLETNET_SEEDS=N as many as you like.
/// </summary>
public sealed class RandomEventsTests
{
    private static readonly TimeSpan LongTime = TimeSpan.FromHours(10);

    private static readonly IEnumerable<int> Seeds = Number("STARLETNET_SEED") is { } seed
        ? [seed]
        : Enumerable.Range(0, Number("STARLETNET_SEEDS") ?? 2000);

    [Fact]
    public void Term_ends_every_life_and_the_laws_hold_throughout() => Assert.All(Seeds, seed => Live(seed, world =>
    {
        for (var count = 0; count < 100 && world.State is not Stopped; count++) world.Live(mayStop: true);
        Stop(world);
    }));

    [Fact]
    public void Left_alone_it_comes_to_rest_with_one_serving() => Assert.All(Seeds, seed => Live(seed, world =>
    {
        for (var count = 0; count < 60 && world.State is Running; count++) world.Live(mayStop: false);
        var automatic = world.Policy.AutoRestart;
        // Everything has its time; what comes for ever (automatic restarts, a failing program) is cut off by the clock.
        for (var count = 0; count < 2000 && world.Settle(until: world.Now + TimeSpan.FromSeconds(automatic ? 0 : 1000)); count++)
        {
        }
        if (world.State is Stopped { GaveUp: true }) return;
        // Given up, while a discarded candidate takes its time.
        if (world.State is Stopping { GaveUp: true })
        {
            Stop(world);
            return;
        }
        if (!automatic) world.Laws.AtRest();
        Stop(world);
    }));

    private static void Stop(World world)
    {
        // Three requests, each more than a second after the one before: the last one kills.
        for (var request = 0; request < 3 && world.State is not Stopped; request++)
        {
            world.Sleep(TimeSpan.FromSeconds(2));
            world.Tell(new StopRequested(Signal.Term));
            for (var count = 0; count < 1000 && world.Settle(until: world.Now + LongTime); count++)
            {
            }
            world.Laws.Holds(world.State is Stopped || world.Policy.StopTimeout == TimeSpan.Zero, "one TERM is enough where a stop has its time");
        }
        world.Laws.Holds(world.State is Stopped, "TERM ends it");
        world.Laws.AfterTheEnd();
    }

    private static void Live(int seed, Action<World> life)
    {
        var world = new World(seed);
        try
        {
            life(world);
        }
        catch (Exception error)
        {
            Assert.Fail($"STARLETNET_SEED={seed}: {error.Message}\n{Describe(world.Policy)}\n{string.Join('\n', world.History.Select(entry => $"{entry.At.TotalSeconds,7:0.0} {(entry.What is SupervisorAction ? "    " : "")}{entry.What}"))}\n{world.State}\n{error.StackTrace}");
        }
    }

    private static string Describe(SupervisionPolicy policy) => string.Join(", ", typeof(SupervisionPolicy)
        .GetProperties(BindingFlags.Instance | BindingFlags.NonPublic).Where(property => property.CanWrite)
        .Select(property => $"{property.Name} {property.GetValue(policy)}"));

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
