using System.Runtime.InteropServices;

namespace StarletNet.Hosting.Interop;

internal static unsafe partial class LibC
{
    // ---- threads -----------------------------------------------------------------------------------------------

    internal const int SCHED_OTHER = 0, SCHED_BATCH = 3;

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

    /// <summary>The processor time that one thread has used, for others to read: clock_gettime(2).</summary>
    internal readonly struct ThreadClock
    {
        private readonly int _clock;

        private ThreadClock(int clock) => _clock = clock;

        internal static ThreadClock OfCurrent()
        {
            int clock;
            return pthread_getcpuclockid(pthread_self(), &clock) == 0 ? new ThreadClock(clock) : throw new NotSupportedException("threads have no clock");
        }

        /// <summary>Never decreases; zero when the thread has ended.</summary>
        internal TimeSpan Read()
        {
            var time = stackalloc long[2];
            return clock_gettime(_clock, time) == 0 ? TimeSpan.FromSeconds(time[0]) + TimeSpan.FromTicks(time[1] / TimeSpan.NanosecondsPerTick) : TimeSpan.Zero;
        }
    }

    /// <param name="pid">A thread's number; 0: the calling one.</param>
    [LibraryImport(Library)]
    internal static partial int sched_getscheduler(int pid);

    /// <inheritdoc cref="sched_getscheduler"/>
    /// <param name="param"><c>struct sched_param</c>, which is one number: 0 but for real-time policies.</param>
    [LibraryImport(Library)]
    internal static partial int sched_setscheduler(int pid, int policy, int* param);

    [LibraryImport(Library)]
    private static partial int getrusage(int who, long* usage);

    [LibraryImport(Library)]
    private static partial nint pthread_self();

    [LibraryImport(Library)]
    private static partial int pthread_getcpuclockid(nint thread, int* clock);

    [LibraryImport(Library)]
    private static partial int clock_gettime(int clock, long* time);
}
