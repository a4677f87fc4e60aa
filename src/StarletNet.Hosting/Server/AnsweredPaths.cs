using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Server;

/// <summary>
/// <c>--warmup auto</c>: counts the paths of GET requests without query that were answered with 200, so that successors can warm up with those that are
/// asked most. Bounded: a table of <see cref="MostCounted"/> paths, in which rare ones make room for new ones.
/// </summary>
internal sealed class AnsweredPaths
{
    internal const int MostCounted = 256;

    private const long ReportMilliseconds = 2000;

    private readonly object _lock = new();
    private readonly Dictionary<string, int> _counts = new(MostCounted, StringComparer.Ordinal);
    private string _reported = "";
    private long _nextReport;

    /// <param name="target">The request target as it was sent.</param>
    internal void Count(string target)
    {
        if (!WarmUpPaths.IsFit(target)) return;
        lock (_lock)
        {
            if (_counts.TryGetValue(target, out var count))
            {
                if (count < int.MaxValue) _counts[target] = count + 1;
                return;
            }
            // All counts are halved, and what falls to zero leaves: what was asked often stays, and also the counts of long ago lose their weight.
            if (_counts.Count == MostCounted)
            {
                foreach (var (path, before) in _counts.ToArray())
                {
                    if (before > 1) _counts[path] = before / 2;
                    else _counts.Remove(path);
                }
            }
            if (_counts.Count < MostCounted) _counts[target] = 1;
        }
    }

    /// <summary>To be asked about once per second.</summary>
    /// <returns>The paths that were answered most, if they have changed since the last report; else null.</returns>
    internal string? Report(long now)
    {
        if (now < _nextReport) return null;
        _nextReport = now + ReportMilliseconds;
        string text;
        lock (_lock) text = WarmUpPaths.Format(_counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(WarmUpPaths.Most).Select(pair => pair.Key).Order(StringComparer.Ordinal));
        if (text == _reported) return null;
        _reported = text;
        return text;
    }
}
