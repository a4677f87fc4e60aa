using System.Text.Json.Nodes;
using StarletNet.Bench.Peers;
using StarletNet.TestKit;

namespace StarletNet.Bench.Load;

/// <summary>wrk, with one thread: on a small machine a second one would take the server's processor.</summary>
internal sealed class Wrk(Ground ground)
{
    private const string Mark = "bench-result ";

    // requests, microseconds, errors of all kinds, latencies in microseconds. Without an answer wrk divides by nothing: not a number.
    private const string Report = """
        done = function(summary, latency, requests)
            local e = summary.errors
            local function at(p) return summary.requests > 0 and latency:percentile(p) or 0 end
            io.write(string.format('bench-result {"n":%d,"us":%d,"e":%d,"p50":%d,"p99":%d,"p999":%d}\n', summary.requests, summary.duration,
                e.connect + e.read + e.write + e.status + e.timeout, at(50), at(99), at(99.9)))
        end
        """;

    /// <param name="request">Lua that shapes the requests; empty for a plain GET.</param>
    internal async Task<LoadResult> RunAsync(string url, int connections, int seconds, string request = "")
    {
        using var run = Start(url, connections, seconds, request);
        return await ResultAsync(run, seconds);
    }

    internal ProgramUnderTest Start(string url, int connections, int seconds, string request = "")
    {
        var wrk = Ground.Needed("wrk", "wrk");
        var script = ground.Scratch.Write($"{Guid.NewGuid():N}.lua", request + "\n" + Report);
        return ProgramUnderTest.Start(wrk, ["-t1", $"-c{connections}", $"-d{seconds}s", "--timeout=10s", "-s", script, url]);
    }

    /// <exception cref="TestKitException">wrk failed.</exception>
    internal static async Task<LoadResult> ResultAsync(ProgramUnderTest run, int seconds)
    {
        // It waits for nobody at the end, but a machine under load is slow to let it go.
        var exit = await run.ExitAsync(TimeSpan.FromSeconds(seconds) + Deadlines.Event);
        var line = run.OutputText.Split('\n').LastOrDefault(line => line.StartsWith(Mark, StringComparison.Ordinal));
        if (exit.Code != 0 || line == null) throw new TestKitException($"wrk ended with {exit}\n{run.Describe()}");
        return Parse(line[Mark.Length..]);
    }

    internal static LoadResult Parse(string json)
    {
        var fields = JsonNode.Parse(json)!;
        return new LoadResult((long)fields["n"]!, Microseconds("us") / 1000, Microseconds("p50"), Microseconds("p99"), Microseconds("p999"), (long)fields["e"]!);

        double Microseconds(string name) => (double)fields[name]! / 1000;
    }
}
