using System.Globalization;

namespace StarletNet.Master.Watching;

/// <summary>
/// Notices workers that use more memory than they may. Three looks in a row, so that one peak before a collection of garbage does not
/// count.
/// </summary>
/// <param name="limit">Bytes.</param>
internal sealed class MemoryWatch(long limit)
{
    /// <summary>Between two looks.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private const int LooksToVerdict = 3;

    private readonly Dictionary<int, int> _above = [];

    /// <summary>One look at one worker.</summary>
    /// <param name="id">The pool's name for it.</param>
    /// <param name="used">Bytes; null if that cannot be had.</param>
    /// <returns>Whether it is to be replaced; said again at each look, because one that is still starting is not yet.</returns>
    internal bool Look(int id, long? used)
    {
        _above[id] = used > limit ? _above.GetValueOrDefault(id) + 1 : 0;
        return _above[id] >= LooksToVerdict;
    }

    internal void Forget(int id) => _above.Remove(id);

    /// <summary>Memory that a process shares with nobody's file: what would be free if it ended. Null if it is gone.</summary>
    internal static long? UsedBy(int pid)
    {
        try
        {
            const string Field = "RssAnon:";
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(text => text.StartsWith(Field, StringComparison.Ordinal));
            var kilobytes = line?[Field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
            return long.TryParse(kilobytes, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number * 1024 : null;
        }
        catch (IOException)
        {
            // It ended as we looked.
            return null;
        }
    }
}

/// <summary>The key of the timer for the next look at all workers.</summary>
internal sealed record MemoryLook;
