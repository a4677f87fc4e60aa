using StarletNet.Shared.Processes;

namespace StarletNet.Shared.Events;

/// <summary>One thing that happened, as the thread that owns the state sees it.</summary>
internal abstract record Event;

/// <summary>A descriptor that is watched has something to read, or its other end is gone.</summary>
/// <param name="Tag">What was given to <see cref="EventQueue.Watch"/>.</param>
internal sealed record Readable(object Tag) : Event;

/// <summary>A child has ended and has just been reaped: its pid means nothing any more.</summary>
/// <param name="Pid">May be a stranger's when we are pid 1.</param>
internal sealed record ChildExited(int Pid, ChildExit Exit) : Event;

/// <summary>A signal came, once or more often since the last time: a condition, not a count.</summary>
internal sealed record SignalReceived(Signal Signal) : Event
{
    /// <summary>The value that it was sent with by sigqueue(3), and by which process, as the kernel tells; null: it has none.</summary>
    internal SignalValue? Value { get; init; }
}

/// <param name="Sender">Its pid; 0 if it is not in our pid namespace.</param>
internal readonly record struct SignalValue(int Sender, int Value);

/// <summary>A timer that was set and not cancelled has run out.</summary>
/// <param name="Key">What was given to <see cref="EventQueue.SetTimer"/>.</param>
internal sealed record TimerFired(object Key) : Event;
