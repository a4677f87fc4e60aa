namespace StarletNet.Hosting.Server;

/// <summary>
/// Looks after connections when their time has come. Each connection has one place, and the place is only ever moved forward: a
/// connection whose deadline has moved back meanwhile, which each request does, is asked when its old one comes, and then says
/// the new one. So following a request costs neither a system call nor memory, nor a lock.
/// </summary>
/// <remarks>
/// A wheel of slots, because connections leave it as often as they enter. On a thread of its own: neither a starved pool nor a
/// blocked loop holds a time limit back. With nothing to wait for it sleeps without a clock.
/// </remarks>
internal sealed class Deadlines : IDisposable
{
    /// <summary>What a connection says that need not be asked.</summary>
    internal const long None = long.MaxValue;

    /// <summary>Half a minute all round; whoever has longer is passed over once for each round.</summary>
    private const int Slots = 2048, StepMilliseconds = 16;

    private readonly object _lock = new();
    private readonly LinkedList<ConnectionClock>[] _slots = [.. Enumerable.Range(0, Slots).Select(_ => new LinkedList<ConnectionClock>())];
    private readonly List<ConnectionClock> _due = [];
    private long _hand = Environment.TickCount64 / StepMilliseconds;
    private long _wakeAt;
    private int _count;
    private bool _stopped;

    internal Deadlines() => new Thread(Run) { IsBackground = true, Name = "starletnet clock" }.Start();

    /// <summary>Asks for the connection to be looked at, at the latest at that time.</summary>
    /// <param name="clock">Of the connection.</param>
    /// <param name="time">By <see cref="Environment.TickCount64"/>.</param>
    internal void Move(ConnectionClock clock, long time)
    {
        lock (_lock)
        {
            if (clock.Scheduled <= time) return;
            Unlink(clock);
            clock.Scheduled = time;
            // The past is looked at in the slot where the hand is.
            SlotOf(Math.Max(time / StepMilliseconds, _hand)).AddLast(clock.Place);
            _count++;
            if (time < _wakeAt) Monitor.Pulse(_lock);
        }
    }

    internal void Remove(ConnectionClock clock)
    {
        lock (_lock) Unlink(clock);
    }

    private void Unlink(ConnectionClock clock)
    {
        if (clock.Place.List is not { } slot) return;
        slot.Remove(clock.Place);
        clock.Scheduled = None;
        _count--;
    }

    private LinkedList<ConnectionClock> SlotOf(long step) => _slots[(int)(step % Slots)];

    private void Run()
    {
        while (true)
        {
            lock (_lock)
            {
                while (!_stopped && !TakeDue(Environment.TickCount64))
                {
                    _wakeAt = NextWake();
                    Monitor.Wait(_lock, _wakeAt == None ? Timeout.Infinite : (int)Math.Max(1, _wakeAt - Environment.TickCount64));
                    _wakeAt = 0;
                }
                if (_stopped) return;
            }
            // See ConnectionClock.LookAfter.
            Interlocked.MemoryBarrier();
            // Outside the lock: what closes a connection may come back here.
            foreach (var clock in _due) clock.OnDue(Environment.TickCount64);
            _due.Clear();
        }
    }

    private bool TakeDue(long now)
    {
        var last = now / StepMilliseconds;
        for (var step = Math.Max(_hand, last - Slots + 1); step <= last; step++)
        {
            for (var place = SlotOf(step).First; place is not null;)
            {
                var (clock, next) = (place.Value, place.Next);
                if (clock.Scheduled <= now)
                {
                    Unlink(clock);
                    _due.Add(clock);
                }
                place = next;
            }
        }
        // The last slot again next time: some of its places may be a few milliseconds ahead.
        _hand = last;
        return _due.Count > 0;
    }

    private long NextWake()
    {
        if (_count == 0) return None;
        for (var step = _hand; step < _hand + Slots; step++)
        {
            var first = None;
            foreach (var clock in SlotOf(step)) first = Math.Min(first, clock.Scheduled);
            if (first / StepMilliseconds <= step) return first;
        }
        return (_hand + Slots) * StepMilliseconds;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _stopped = true;
            Monitor.Pulse(_lock);
        }
    }
}
