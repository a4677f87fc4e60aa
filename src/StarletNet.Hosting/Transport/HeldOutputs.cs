namespace StarletNet.Hosting.Transport;

/// <summary>
/// Output that threads away from the loops hold back for a moment. An answer without Content-Length is flushed twice, the body and then the end of
/// the chunks, and a send costs as much as half a small request; so what such a thread flushes leaves when it comes back to the connection, to wait for
/// the next request or to close. One that does not come back soon, because it blocks or has left the connection to something that it awaits, is found by the monitor,
/// which sends in its place; nothing more of that answer is then held, nor of the next ones for its route. The one answer that had to be found so is up to
/// four milliseconds late.
/// </summary>
internal sealed class HeldOutputs
{
    /// <summary>So many answers for a route are sent as they are flushed when one was left.</summary>
    internal const int Remembered = 64;

    private readonly List<OutputHold> _holds = [];

    // By route: answers to come that are not held.
    private readonly int[] _left = new int[BlockingMemory.Routes + 1];
    private int _remembered;

    /// <summary>Nothing is held where nobody looks.</summary>
    internal LoopMonitor? Monitor { get; set; }

    /// <summary>From within a flush.</summary>
    /// <returns>False if the caller has to see to the sending.</returns>
    internal bool TryHold(OutputDispatch output)
    {
        // A thread of somebody else's may never come back, and does not run requests.
        if (Monitor is not { } monitor || !(LoopThread.Current is { } own ? own.Loop is null : Thread.CurrentThread.IsThreadPoolThread)) return false;
        var hold = OutputHold.Current is { } known && known.Outputs == this ? known : Find();
        hold.Take(output);
        monitor.WakeIfAsleep();
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

    /// <summary>Whether a thread that answers the present request will soon be back, as far as is known. To be asked once for each answer that it is said no to.</summary>
    internal bool ExpectsBack(IRouteSource routes)
    {
        // The usual case, in which nobody need know the route.
        if (Volatile.Read(ref _remembered) == 0) return true;
        ref var left = ref _left[routes.CurrentRoute];
        while (true)
        {
            var before = Volatile.Read(ref left);
            if (before == 0) return true;
            if (Interlocked.CompareExchange(ref left, before - 1, before) != before) continue;
            if (before == 1) Interlocked.Decrement(ref _remembered);
            return false;
        }
    }

    /// <summary>The monitor had to send in the place of a thread that answers.</summary>
    /// <param name="route">0 if that is not known: then nothing can be remembered.</param>
    internal void WasLeft(int route)
    {
        if (route != 0 && Interlocked.Exchange(ref _left[route], Remembered) == 0) Interlocked.Increment(ref _remembered);
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
                var isAlive = _holds[index].IsAlive;
                _holds[index].Look(isLast: !isAlive);
                if (!isAlive) _holds.RemoveAt(index);
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

    /// <param name="isLast">What its thread holds nobody will come back for.</param>
    internal void Look(bool isLast)
    {
        var number = Volatile.Read(ref _number);
        if (number == _seen || isLast) Volatile.Read(ref _output)?.SendInPlace();
        _seen = number;
    }
}
