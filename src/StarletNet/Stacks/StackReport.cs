using System.Diagnostics;
using System.Text;

namespace StarletNet.Master.Stacks;

/// <summary>What all threads of a .NET process are doing, for people: equal stacks together, the most common first.</summary>
internal static class StackReport
{
    /// <summary>In all: the report is wanted while the process can still be looked at.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Enough for some looks at every thread; and what is enough where the process, or its runtime's profiler, hardly gets to run.</summary>
    private static readonly TimeSpan[] Sampling = [TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(3)];

    private const int MostFrames = 40;

    /// <returns>Lines.</returns>
    internal static IReadOnlyList<string> Of(int pid)
    {
        var threads = KernelThread.Of(pid);
        var lines = new List<string>();
        Dictionary<long, string[]> stacks = [];
        try
        {
            // A process that is stopped as a whole would only keep us waiting.
            if (threads.All(thread => thread.State.StartsWith("stopped", StringComparison.Ordinal))) lines.Add($"process {pid} is {threads[0].State.Split(" in ")[0]}: no thread of it runs");
            else stacks = Sample(pid);
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            lines.Add($"no managed stacks of process {pid}: {error.Message}; this is what the kernel says");
        }
        lines.Add($"process {pid} has {threads.Count} threads, {stacks.Count} of them with managed code");
        foreach (var group in threads.GroupBy(thread => Describe(thread, stacks.GetValueOrDefault(thread.Id))).OrderByDescending(group => group.Key.Contains('\n', StringComparison.Ordinal)).ThenByDescending(group => group.Count()))
            Append(lines, [.. group], group.Key);
        return lines;
    }

    private static void Append(List<string> lines, KernelThread[] alike, string description)
    {
        var parts = description.Split('\n');
        var ids = string.Join(", ", alike.Take(10).Select(thread => thread.Id)) + (alike.Length > 10 ? ", …" : "");
        lines.Add($"{(alike.Length == 1 ? "thread" : $"{alike.Length} threads")} {ids} ({parts[0]}){(parts.Length > 1 ? ":" : "")}");
        lines.AddRange(parts[1..].Select(frame => "    " + frame));
    }

    private static string Describe(KernelThread thread, string[]? stack)
    {
        var text = new StringBuilder($"{thread.Name}, {thread.State}");
        if (stack is not null) text.Append('\n').AppendJoin('\n', stack);
        return text.ToString();
    }

    private static Dictionary<long, string[]> Sample(int pid)
    {
        var path = DiagnosticPort.Find(pid) ?? throw new IOException("it has no diagnostic port (no .NET program, or DOTNET_EnableDiagnostics=0)");
        var since = Stopwatch.StartNew();
        // Every .NET program has a thread with managed code: to have seen none is to have looked too briefly.
        return Sampling.Select(time => Sample(path, time, since)).FirstOrDefault(stacks => stacks.Count > 0) ?? [];
    }

    private static Dictionary<long, string[]> Sample(string path, TimeSpan time, Stopwatch since)
    {
        using var stream = DiagnosticPort.Open(path, since, Patience);
        var session = stream.BeginStacks();
        // The profiler looks by itself meanwhile.
        Thread.Sleep(time);
        using (var control = DiagnosticPort.Open(path, since, Patience))
        {
            // Its answer may come only when all has been read, so that is for another thread to wait for.
            var stopping = new Thread(() => Stop(control, session)) { IsBackground = true };
            stopping.Start();
            var trace = new TraceReader(stream.ReadExactly);
            trace.Read();
            stopping.Join(Patience);
            return trace.Threads.ToDictionary(thread => thread.Key, thread => Names(trace, thread.Value));
        }
    }

    private static void Stop(DiagnosticPort control, ulong session)
    {
        try
        {
            control.Stop(session);
        }
        catch (IOException)
        {
            // Whoever reads the stream will notice.
        }
    }

    private static string[] Names(TraceReader trace, ulong[] stack)
    {
        var frames = stack.Select(address => trace.NameOf(address) ?? $"[native code at 0x{address:x}]")
            // What the compiler makes of await stands between any two frames that say something.
            .Where(name => !name.StartsWith("System.Runtime.CompilerServices.Async", StringComparison.Ordinal)).ToArray();
        return frames.Length <= MostFrames ? frames : [.. frames.Take(MostFrames), $"… and {frames.Length - MostFrames} more"];
    }
}
