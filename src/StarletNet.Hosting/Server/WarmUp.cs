using System.Diagnostics;
using System.Runtime;
using Microsoft.Extensions.Logging;

namespace StarletNet.Hosting.Server;

/// <summary>
/// <c>--warmup</c>: requests to the application before the worker counts as ready, so that its code is compiled before the first user comes. .NET
/// compiles a method quickly when it is first called, counts its calls, and compiles it well in the background after 30 of them; so the paths are
/// asked again and again until nothing is compiled any more.
/// </summary>
/// <param name="ask">Asks for a path; gives the status of the answer.</param>
/// <param name="most">How long it may take.</param>
/// <param name="log">The application's.</param>
internal sealed class WarmUp(Func<string, CancellationToken, Task<int>> ask, TimeSpan most, ILogger log)
{
    /// <summary>
    /// Nothing compiled for so long, and over so many requests for each path, means that the code is as fast as it gets. The runtime itself waits 100 ms after
    /// the last new method before it counts calls (TieredCompilation.BackgroundWorkerTimeoutMs, TC_CallCountingDelayMs), and counts 30.
    /// </summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);

    private const int QuietRounds = 40;

    /// <summary>Never longer than the time given. A request that fails is logged once for its path and does no harm.</summary>
    internal async Task RunAsync(IReadOnlyList<string> paths, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(most);
        var began = Stopwatch.GetTimestamp();
        var failed = new HashSet<string>(StringComparer.Ordinal);
        var (rounds, compiled, quietSince, quietRounds) = (0, 0L, began, 0);
        try
        {
            while (!(quietRounds >= QuietRounds && Stopwatch.GetElapsedTime(quietSince) >= Quiet))
            {
                foreach (var path in paths)
                {
                    if (await FailureOfAsync(path, limit.Token).ConfigureAwait(false) is { } failure && failed.Add(path)) WorkerLog.WarmUpFailed(log, path, failure);
                }
                rounds++;
                quietRounds++;
                var now = JitInfo.GetCompiledMethodCount();
                if (now == compiled) continue;
                (compiled, quietSince, quietRounds) = (now, Stopwatch.GetTimestamp(), 0);
            }
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // The time is over; the worker serves as it is.
        }
        WorkerLog.WarmedUp(log, rounds * paths.Count, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    /// <returns>Null: it was answered.</returns>
    private async Task<string?> FailureOfAsync(string path, CancellationToken stopping)
    {
        try
        {
            var status = await ask(path, stopping).ConfigureAwait(false);
            return status is >= 200 and <= 399 ? null : $"status {status}";
        }
#pragma warning disable CA1031 // Whatever goes wrong, the worker serves all the same.
        catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
        {
            return $"{error.GetType().Name}: {error.Message}";
        }
    }
}
