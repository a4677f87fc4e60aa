using System.Diagnostics;

namespace StarletNet.Shared.Events;

/// <summary>A handful of named deadlines on the monotonic clock.</summary>
internal sealed class Timers
{
    private readonly Dictionary<object, long> _due = [];

    internal void Set(object key, TimeSpan delay) =>
        _due[key] = Stopwatch.GetTimestamp() + (long)(Math.Max(0, delay.TotalSeconds) * Stopwatch.Frequency);

    internal void Cancel(object key) => _due.Remove(key);

    internal IEnumerable<(object Key, TimeSpan Remaining)> Running =>
        _due.Select(timer => (timer.Key, Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), Math.Max(timer.Value, Stopwatch.GetTimestamp()))));

    /// <summary>For poll(2): rounded up, so that waking never comes a little too early; -1 when nothing is set.</summary>
    internal int MillisecondsToNext()
    {
        if (_due.Count == 0) return -1;
        var ticks = _due.Values.Min() - Stopwatch.GetTimestamp();
        return ticks <= 0 ? 0 : (int)Math.Min(int.MaxValue, (ticks / (Stopwatch.Frequency / 1000)) + 1);
    }

    /// <summary>Removes what has run out, earliest first, and adds it to the batch.</summary>
    internal void TakeDue(List<Event> batch)
    {
        if (_due.Count == 0) return;
        var now = Stopwatch.GetTimestamp();
        foreach (var (key, _) in _due.Where(timer => timer.Value <= now).OrderBy(timer => timer.Value).ToArray())
        {
            _due.Remove(key);
            batch.Add(new TimerFired(key));
        }
    }
}
