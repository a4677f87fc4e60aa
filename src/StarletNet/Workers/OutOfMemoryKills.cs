using System.Globalization;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Workers;

/// <summary>
/// Tells whether the kernel's out-of-memory killer may have killed a worker. A process that dies by KILL leaves no word; but the kernel counts its kills for each control
/// group: <c>oom_kill</c> in <c>memory.events</c> (version 2) or <c>memory.oom_control</c> (version 1). It counts before it sends the signal, so the counter has risen when the
/// death is known (__oom_kill_process in mm/oom_kill.c).
/// </summary>
internal sealed class OutOfMemoryKills
{
    private static readonly string[] Files = ["memory.events", "memory.oom_control"];

    private readonly string? _file;
    private long _known;

    // Kills that the counter has told of and that no worker's death has been explained by.
    private long _unexplained;

    /// <summary>Notes where the counter stands.</summary>
    /// <param name="root">Of the file system; a test has one of its own.</param>
    internal OutOfMemoryKills(string root = "/")
    {
        // Workers are in the group of the master. The innermost group that counts: one above it counts other services as well.
        _file = ContainerMemory.Groups(root).SelectMany(directory => Files.Select(file => Path.Combine(directory, file))).FirstOrDefault(file => Read(file) is not null);
        _known = _file is null ? 0 : Read(_file) ?? 0;
    }

    /// <summary>To be asked about a worker to which we have not sent KILL.</summary>
    /// <param name="exit">How it ended.</param>
    /// <returns>Null: the counter says nothing of it.</returns>
    internal string? Killer(ChildExit exit)
    {
        if (!exit.IsSignal || exit.Signal != Signal.Kill || _file is null || Read(_file) is not { } now) return null;
        (_unexplained, _known) = (_unexplained + Math.Max(0, now - _known), now);
        if (_unexplained == 0) return null;
        _unexplained--;
        // Another process of the same group may have been the one: hence "probably".
        return $"probably the out-of-memory killer (oom_kill in {_file} is {now})";
    }

    private static long? Read(string file)
    {
        try
        {
            foreach (var line in File.ReadLines(file))
                if (line.Split(' ') is ["oom_kill", var number] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count)) return count;
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // No such file in this group, or none that we may read.
            return null;
        }
    }
}
