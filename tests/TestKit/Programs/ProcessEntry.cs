using System.Globalization;
using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.TestKit;

/// <summary>One process as /proc shows it.</summary>
public sealed record ProcessEntry(int Pid, int Parent, int Group, int Session, char State, int Threads, string Command)
{
    /// <summary>
    /// Dead but not yet reaped. One whose first thread is dead and others are not, for the moments of its end, still lives: its
    /// descriptors and their locks are there until the last thread is gone.
    /// </summary>
    public bool IsZombie => State is 'Z' or 'X' && Threads <= 1;

    public override string ToString() => $"{Pid} (parent {Parent}, group {Group}, session {Session}, {State}) {Command}";

    /// <summary>Every process visible; those that vanish while being read are left out.</summary>
    internal static IReadOnlyList<ProcessEntry> All() =>
        [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => char.IsAsciiDigit(n![0])).Select(n => Read(n!)).OfType<ProcessEntry>()];

    /// <summary>The process of that pid, or null when there is none.</summary>
    public static ProcessEntry? Read(int pid) => Read(pid.ToString(CultureInfo.InvariantCulture));

    /// <summary>For processes of the family under test that are not the program itself.</summary>
    /// <exception cref="TestKitException">It is gone, or not ours.</exception>
    public void Send(UnixSignal signal)
    {
        if (LibC.kill(Pid, (int)signal) != 0) throw new TestKitException($"cannot send {signal} to {this}: {Errno.Last.Text}");
    }

    internal bool HasEnvironment(string assignment) =>
        ReadText($"/proc/{Pid}/environ") is { } text && text.Split('\0').Contains(assignment);

    private static ProcessEntry? Read(string pid)
    {
        if (ReadText($"/proc/{pid}/stat") is not { Length: > 0 } stat) return null;
        // The name is in parentheses and may hold anything, parentheses too: the last one ends it.
        var end = stat.LastIndexOf(')');
        var fields = stat[(end + 2)..].Split(' ');
        var command = (ReadText($"/proc/{pid}/cmdline") ?? "").Replace('\0', ' ').Trim();
        return new ProcessEntry(Number(pid), Number(fields[1]), Number(fields[2]), Number(fields[3]), fields[0][0], Number(fields[17]),
            command.Length > 0 ? command : stat[stat.IndexOf('(', StringComparison.Ordinal)..(end + 1)]);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string? ReadText(string path)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it ended meanwhile, or belongs to somebody else: either way not one of ours
        }
    }
}
