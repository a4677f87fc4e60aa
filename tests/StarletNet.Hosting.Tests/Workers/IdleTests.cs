using System.Globalization;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

public sealed class IdleTests
{
    private const int Seconds = 2;

    /// <summary>Generous: it is two or three, and some hundred if a clock of ours ran that looks for what can only be told.</summary>
    private const int WakeUpsPerSecond = 25;

    [Fact]
    public async Task A_worker_with_nothing_to_do_sleeps()
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp));
        using var client = worker.Connect();
        await client.Get("/");
        await client.Response();
        // What the request has woken, the loop's monitor among it, goes to sleep again; so this is asked for until it is true.
        await Eventually.TrueAsync(() => WakeUpsOfOurs(worker.Pid) <= Seconds * WakeUpsPerSecond, "our threads sleep");
    }

    // Of all our threads, in some seconds: how often each has given up the processor to wait.
    private static long WakeUpsOfOurs(int pid)
    {
        var before = Ours(pid);
        Thread.Sleep(Seconds * 1000);
        var after = Ours(pid);
        Assert.Contains("starletnet work", after.Values.Select(thread => thread.Name));
        Assert.Contains("starletnet moni", after.Values.Select(thread => thread.Name));
        return after.Sum(thread => thread.Value.Waits - before.GetValueOrDefault(thread.Key).Waits);
    }

    private static Dictionary<string, (string Name, long Waits)> Ours(int pid)
    {
        var found = new Dictionary<string, (string Name, long Waits)>();
        foreach (var task in Directory.GetDirectories($"/proc/{pid}/task"))
        {
            try
            {
                var status = File.ReadAllLines(Path.Combine(task, "status")).Select(line => line.Split('\t', 2)).ToLookup(field => field[0], field => field[^1]);
                var name = status["Name:"].Single();
                if (name.StartsWith("starletnet", StringComparison.Ordinal))
                    found[task] = (name, long.Parse(status["voluntary_ctxt_switches:"].Single(), CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                // a thread that has ended meanwhile
            }
        }
        return found;
    }
}
