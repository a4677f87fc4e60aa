using System.Globalization;

namespace StarletNet.Master.Stacks;

/// <summary>A thread as the kernel sees it.</summary>
/// <param name="Name">That of /proc/PID/task/TID/comm.</param>
/// <param name="State">In words.</param>
internal sealed record KernelThread(int Id, string Name, string State)
{
    internal static IReadOnlyList<KernelThread> Of(int pid) =>
    [
        .. Directory.GetDirectories($"/proc/{pid}/task").Select(directory => Read(directory)).OfType<KernelThread>().OrderBy(thread => thread.Id),
    ];

    /// <summary>Who traces the process: a debugger, strace. 0: nobody.</summary>
    internal static int TracerOf(int pid)
    {
        const string Field = "TracerPid:";
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(text => text.StartsWith(Field, StringComparison.Ordinal));
            return line is not null && int.TryParse(line.AsSpan(Field.Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var tracer) ? tracer : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    // It may end as we look.
    private static KernelThread? Read(string directory)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(directory, "stat"));
            var state = Words(stat[stat.LastIndexOf(')') + 2]);
            return new KernelThread(
                int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture), File.ReadAllText(Path.Combine(directory, "comm")).Trim(),
                state + WaitsIn(directory));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string WaitsIn(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, "wchan")) is { Length: > 0 } and not "0" and var where ? $" in {where}" : "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Not every kernel tells everybody.
            return "";
        }
    }

    private static string Words(char state) => state switch
    {
        'R' => "running",
        'S' => "waiting",
        'D' => "waiting for a device",
        'T' => "stopped by a signal",
        't' => "stopped by a debugger",
        'Z' or 'X' => "ended",
        _ => state.ToString(),
    };
}
