using System.Globalization;
using System.Runtime.CompilerServices;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>
/// The machine code this process has mapped. Most of it runs once, at the start or in a deploy, and would stay resident for the
/// months in between.
/// </summary>
internal static class OwnCode
{
    /// <summary>
    /// Unmaps the pages of all code that comes from files; what is used again is mapped again from the page cache as it is reached.
    /// Only executable mappings: they are never written to, so that nothing but the file's own bytes can be lost (madvise(2),
    /// MADV_DONTNEED). To be called before a long sleep; costs about a hundred microseconds, and some page faults at the next event.
    /// </summary>
    internal static void GiveBack()
    {
        // Only in native code: what the .NET runtime loads as code may have been changed in memory after it was mapped.
        if (RuntimeFeature.IsDynamicCodeSupported) return;
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            // 7f0c1a000000-7f0c1a165000 r-xp 00026000 fe:00 1234  /usr/lib/libc.so.6; [vdso] and what is anonymous has no such path.
            var rights = line.AsSpan(line.IndexOf(' ') + 1);
            if (!rights.StartsWith("r-xp ", StringComparison.Ordinal) || !line.Contains('/')) continue;
            var dash = line.IndexOf('-');
            var start = long.Parse(line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var end = long.Parse(line.AsSpan(dash + 1, line.IndexOf(' ') - dash - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            // Advice only: where it is refused (mlockall), the pages stay.
            _ = LibC.madvise((nint)start, (nuint)(end - start), LibC.MADV_DONTNEED);
        }
    }
}
