namespace StarletNet.Hosting.Transport;

/// <summary>
/// Output that threads away from the loops hold back for a moment. An answer without Content-Length is flushed twice, the body and then the end of
/// the chunks, and a send costs as much as half a small request; so what such a thread flushes leaves when it comes back to the connection, to wait for
/// the next request or to close. One that does not come back soon, because it blocks or has left the connection to something that it awaits, is found by the monitor,
/// which sends in its place; that connection's output is then not held for a while (<see cref="OutputDispatch"/>).
/// </summary>
internal sealed class HeldOutputs
{
    private readonly List<OutputHold> _holds = [];

    /// <summary>Nothing is held where nobody looks.</summary>
    internal LoopMonitor? Monitor { get; set; }

    /// <summary>From within a flush.</summary>
    /// <returns>False if the caller has to see to the sending.</returns>
    internal bool TryHold(OutputDispatch output)
    {
        // A thread of somebody else's may never come back, and does not run requests.
        if (Monitor is null || !(LoopThread.Current is { } own ? own.Loop is null : Thread.CurrentThread.IsThreadPoolThread)) return false;
        var hold = OutputHold.Current is { } known && known.Outputs == this ? known : Find();
        hold.Take(output);
        Monitor.WakeIfAsleep();
        return true;
    }

    private OutputHold Find()
    {
        lock (_holds)
        {
            var hold = _holds.Find(static hold => hold.IsOurs);
            if (hold is null) _holds.Add(hold = new OutputHold(this));
            return OutputHold.Current = hold;
        }
    }

    /// <summary>Those that are known, for having held something.</summary>
    internal int Threads
    {
        get
        {
            lock (_holds) return _holds.Count;
        }
    }

    /// <summary>Whether nothing is held.</summary>
    internal bool AreQuiet
    {
        get
        {
            lock (_holds)
            {
                foreach (var hold in _holds)
                {
                    if (hold.IsHolding) return false;
                }
                return true;
            }
        }
    }

    /// <summary>On the monitor's thread: sends what was held already at the last look.</summary>
    internal void Look()
    {
        lock (_holds)
        {
            for (var index = _holds.Count - 1; index >= 0; index--)
            {
                if (_holds[index].IsAlive) _holds[index].Look();
                else _holds.RemoveAt(index);
            }
        }
    }
}

/// <summary>What one thread holds back: the output of the connection that it has flushed last.</summary>
internal sealed class OutputHold(HeldOutputs outputs)
{
    [ThreadStatic]
    private static OutputHold? _current;

    private readonly Thread _thread = Thread.CurrentThread;
    private OutputDispatch? _output;
    private int _number;

    // The monitor's.
    private int _seen;

    internal static OutputHold? Current
    {
        get => _current;
        set => _current = value;
    }

    internal HeldOutputs Outputs => outputs;

    internal bool IsOurs => _thread == Thread.CurrentThread;

    internal bool IsAlive => _thread.IsAlive;

    internal bool IsHolding => Volatile.Read(ref _output) is { IsHeld: true };

    /// <summary>By the thread itself.</summary>
    /// <remarks>With a full fence: the monitor goes to sleep in the order of <see cref="EpollLoop"/>'s BecomeBusy.</remarks>
    internal void Take(OutputDispatch output)
    {
        Volatile.Write(ref _number, _number + 1);
        // Another connection's, which the thread has left without a word.
        if (Interlocked.Exchange(ref _output, output) is { } before && before != output) before.Collect();
    }

    /// <summary>By the thread itself, which has left the connection to something that it awaits.</summary>
    internal static void Release() => _current?._output?.Collect();

    internal void Look()
    {
        var number = Volatile.Read(ref _number);
        if (number == _seen) Volatile.Read(ref _output)?.SendInPlace();
        _seen = number;
    }
}
