using System.Runtime.InteropServices;

namespace StarletNet.Shared.Interop;

internal static unsafe partial class LibC
{
    // ---- threads -----------------------------------------------------------------------------------------------

    private const int RUSAGE_THREAD = 1;

    /// <summary>Of <c>struct rusage</c>, what the calling thread has used so far.</summary>
    /// <param name="VoluntarySwitches">How often it has given the processor away, because it had to wait.</param>
    internal readonly record struct ThreadUsage(TimeSpan Processor, long VoluntarySwitches)
    {
        internal static ThreadUsage Now()
        {
            var usage = stackalloc long[18];
            _ = getrusage(RUSAGE_THREAD, usage);
            var processor = new TimeSpan(((usage[0] + usage[2]) * TimeSpan.TicksPerSecond) + ((usage[1] + usage[3]) * TimeSpan.TicksPerMicrosecond));
            return new ThreadUsage(processor, usage[16]);
        }
    }

    [LibraryImport(Library)]
    private static partial int getrusage(int who, long* usage);
}
