using System.Diagnostics;

namespace StartServer.Control;

/// <summary>How long a command may still wait.</summary>
/// <param name="limit">From now on; null for ever.</param>
internal sealed class Deadline(TimeSpan? limit)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    internal bool IsOver => limit is { } time && Stopwatch.GetElapsedTime(_start) >= time;

    /// <summary>For poll(2): rounded up; -1 for ever.</summary>
    internal int Milliseconds => limit is { } time
        ? (int)Math.Clamp(Math.Ceiling((time - Stopwatch.GetElapsedTime(_start)).TotalMilliseconds), 0, int.MaxValue)
        : -1;

    /// <summary>In seconds, for messages.</summary>
    public override string ToString() => $"{limit?.TotalSeconds} secs";
}
