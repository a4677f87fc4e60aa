using System.Diagnostics;

namespace StarletNet.TestKit;

/// <summary>Polling, for conditions that give no event (files, /proc, another program's state).</summary>
public static class Eventually
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    /// <exception cref="TestKitException">It did not become true in time; <paramref name="detail"/> is appended.</exception>
    public static async Task TrueAsync(Func<bool> condition, string what, Func<string>? detail = null, TimeSpan? deadline = null)
    {
        if (!await HoldsAsync(condition, deadline ?? Deadlines.Event))
            throw new TestKitException($"did not become true in time: {what}\n{detail?.Invoke()}");
    }

    /// <summary>Whether it became true in time.</summary>
    public static async Task<bool> HoldsAsync(Func<bool> condition, TimeSpan deadline)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > deadline) return false;
            await Task.Delay(Step);
        }

        return true;
    }
}
