using System.Diagnostics;

namespace StarletNet.TestKit;

/// <summary>What a program printed, in the order read, with a wake-up for those who wait for more.</summary>
internal sealed class ProgramOutput
{
    private readonly Lock _gate = new();
    private readonly List<OutputLine> _lines = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<Task> _readers = [];
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Ends when every holder of both pipes is gone: the program and whatever inherited them.</summary>
    internal Task Ended => Task.WhenAll(_readers);

    internal IReadOnlyList<OutputLine> Lines
    {
        get
        {
            lock (_gate) return [.. _lines];
        }
    }

    internal void Capture(Stream pipe, OutputStream stream)
    {
        // A thread of its own: a blocking read would keep a pool thread for as long as the program lives.
        var done = NewSignal();
        _readers.Add(done.Task);
        new Thread(() => ReadAll(pipe, stream, done)) { IsBackground = true, Name = $"program {stream}" }.Start();
    }

    /// <summary>The first line from <paramref name="since"/> on that fits, or null when <paramref name="giveUp"/> ends first.</summary>
    internal async Task<OutputLine?> FirstAsync(Func<OutputLine, bool> fits, int since, Task giveUp)
    {
        var next = since;
        while (true)
        {
            Task changed;
            List<OutputLine> fresh;
            lock (_gate)
            {
                changed = _changed.Task;
                fresh = next < _lines.Count ? _lines[next..] : [];
            }

            if (fresh.Find(line => fits(line)) is { } found) return found;
            next += fresh.Count;
            // Checked only after the lines: what was printed before the end counts.
            if (fresh.Count == 0 && giveUp.IsCompleted) return null;
            if (fresh.Count == 0) await Task.WhenAny(changed, giveUp);
        }
    }

    private void ReadAll(Stream pipe, OutputStream stream, TaskCompletionSource done)
    {
        using var reader = new StreamReader(pipe);
        while (reader.ReadLine() is { } text) Add(stream, text);
        done.SetResult();
    }

    private void Add(OutputStream stream, string text)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _lines.Add(new OutputLine(_lines.Count, Stopwatch.GetElapsedTime(_start), stream, text));
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
