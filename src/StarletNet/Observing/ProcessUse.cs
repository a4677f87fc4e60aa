using System.Globalization;

namespace StarletNet.Master.Observing;

/// <summary>What the kernel says of a process.</summary>
/// <param name="Memory">Bytes that it shares with nobody's file: what <c>--worker-max-memory</c> limits.</param>
/// <param name="Processor">Time used so far.</param>
internal sealed record ProcessUse(long Memory, TimeSpan Processor)
{
    /// <summary>sysconf(_SC_CLK_TCK), which is 100 on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <returns>Null if it is gone.</returns>
    internal static ProcessUse? Of(int pid)
    {
        try
        {
            // The name, in parentheses, may hold anything; behind it the third field begins.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var ticks = Number(fields[14 - 3]) + Number(fields[15 - 3]);
            return Watching.MemoryWatch.UsedBy(pid) is { } memory ? new ProcessUse(memory, TimeSpan.FromSeconds(ticks / TicksPerSecond)) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
