using System.Text;

namespace StartServer.Output;

/// <summary>The last lines of a stream of bytes, in bounded memory.</summary>
/// <param name="count">How many lines.</param>
internal sealed class LineTail(int count)
{
    /// <summary>Longer lines are cut there: a dump without line ends must not fill our memory, nor anybody's terminal.</summary>
    internal const int LongestLine = 1000;

    private readonly Queue<string> _lines = new();
    private readonly List<byte> _unfinished = [];

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
        {
            if (one == (byte)'\n') End();
            else if (_unfinished.Count < LongestLine) _unfinished.Add(one);
        }
    }

    /// <summary>Oldest first; with what has no line end yet.</summary>
    internal IReadOnlyList<string> Lines => _unfinished.Count == 0 ? [.. _lines] : [.. _lines.Append(Text()).TakeLast(count)];

    private void End()
    {
        _lines.Enqueue(Text());
        if (_lines.Count > count) _lines.Dequeue();
        _unfinished.Clear();
    }

    private string Text() => Encoding.UTF8.GetString([.. _unfinished]).TrimEnd('\r');
}
