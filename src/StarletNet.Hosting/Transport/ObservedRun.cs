using System.Diagnostics;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Transport;

/// <summary>How long something has kept its thread, and how: to be asked on the same thread, before and after.</summary>
internal readonly struct ObservedRun
{
    /// <summary>A run with a collection in it that lasts so long has waited for something else as well.</summary>
    private const int LongWithCollection = 20 * Habit.LongMicroseconds;

    private readonly long _began;
    private readonly LibC.ThreadUsage _before;

    private readonly int _collections;

    private ObservedRun(LibC.ThreadUsage before) => (_began, _before, _collections) = (Stopwatch.GetTimestamp(), before, GC.CollectionCount(0));

    internal static ObservedRun Begin() => new(LibC.ThreadUsage.Now());

    /// <summary>The place that suits such a run.</summary>
    internal Place Deserved()
    {
        var elapsed = Stopwatch.GetElapsedTime(_began);
        if (elapsed.TotalMicroseconds < Habit.LongMicroseconds) return Place.Loop;
        // Everybody waits for the collector, and first for its thread to come (see Accusation), which it does not count as a pause.
        if (GC.CollectionCount(0) != _collections && elapsed.TotalMicroseconds < LongWithCollection) return Place.Loop;
        var now = LibC.ThreadUsage.Now();
        // On a crowded machine computing takes long too, and even computing is interrupted by a wait for the garbage collector
        // now and then. Who really waits gives the processor away by himself, and uses little of it.
        var processor = now.Processor - _before.Processor;
        if (now.VoluntarySwitches > _before.VoluntarySwitches && processor < elapsed / 2) return Place.Spare;
        // Neither: it was ready to run, and others were given the processor.
        return processor.TotalMicroseconds >= Habit.LongMicroseconds / 2 ? Place.Pool : Place.Loop;
    }
}
