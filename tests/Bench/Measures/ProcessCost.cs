using System.Globalization;
using StarletNet.TestKit;

namespace StarletNet.Bench.Measures;

/// <summary>What processes cost, as /proc tells it.</summary>
internal static class ProcessCost
{
    // sysconf(_SC_CLK_TCK): 100 in every Linux that .NET runs on; the kernel fixes it for user space.
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of all of them and of their children that are dead and reaped.</summary>
    internal static TimeSpan Cpu(IEnumerable<ProcessEntry> processes) => TimeSpan.FromSeconds(processes.Sum(Ticks) / TicksPerSecond);

    /// <summary>Resident memory, each shared page divided by the number of processes that have it.</summary>
    internal static double ProportionalMegabytes(IEnumerable<ProcessEntry> processes) =>
        processes.Sum(process => Kilobytes($"/proc/{process.Pid}/smaps_rollup", "Pss:")) / 1024;

    internal static double ResidentMegabytes(ProcessEntry process) => Kilobytes($"/proc/{process.Pid}/status", "VmRSS:") / 1024;

    private static double Ticks(ProcessEntry process)
    {
        if (Read($"/proc/{process.Pid}/stat") is not { } stat) return 0;
        // After the name in parentheses, which may hold anything: utime, stime, cutime, cstime are fields 14 to 17 (proc(5)).
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[11..15].Sum(field => double.Parse(field, CultureInfo.InvariantCulture));
    }

    private static double Kilobytes(string file, string name)
    {
        var line = Read(file)?.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line == null ? 0 : double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return null; // it has ended
        }
    }
}
