using System.Globalization;
using StarletNet.Bench.Measures;
using StarletNet.Bench.Peers;
using StarletNet.TestKit;

namespace StarletNet.Bench.Load;

/// <summary>h2load, for what wrk cannot do: HTTP/2 and Unix sockets.</summary>
internal sealed class H2Load(Ground ground)
{
    internal async Task<LoadResult> RunAsync(Place place, int seconds, params string[] options)
    {
        var h2load = Ground.Needed("h2load", "nghttp2-client");
        var log = ground.Scratch.File($"{Guid.NewGuid():N}.tsv");
        string[] where = place.Door == Door.Unix ? ["-B", $"unix:{place.Path}"] : [];
        var run = await SystemPrograms.RunAsync(TimeSpan.FromSeconds(seconds) + Deadlines.Event, h2load,
            ["-t1", $"-D{seconds}", $"--log-file={log}", .. options, .. where, place.Url("/")]);
        if (!run.IsSuccess) throw new TestKitException($"h2load ended with exit code {run.ExitCode}\n{run.StandardOutput}{run.StandardError}");
        var result = Parse(File.ReadLines(log), seconds);
        File.Delete(log);
        return result;
    }

    /// <summary>Lines of start time, status (-1: none came) and duration, in microseconds.</summary>
    internal static LoadResult Parse(IEnumerable<string> lines, int seconds)
    {
        var latencies = new List<double>();
        long errors = 0;
        foreach (var line in lines)
        {
            var fields = line.Split('\t');
            if (fields[1] == "200") latencies.Add(double.Parse(fields[2], CultureInfo.InvariantCulture) / 1000);
            else errors++;
        }

        double[] sorted = [.. latencies.Order()];
        return sorted.Length == 0
            ? new LoadResult(0, seconds, 0, 0, 0, errors)
            : new LoadResult(sorted.Length, seconds, Spread.Percentile(sorted, 0.5), Spread.Percentile(sorted, 0.99), Spread.Percentile(sorted, 0.999), errors);
    }
}
