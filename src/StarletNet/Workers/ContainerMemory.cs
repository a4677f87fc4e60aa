using System.Globalization;

namespace StarletNet.Master.Workers;

/// <summary>How much memory our control group, and so a container, may use (cgroups(7), version 2 and 1).</summary>
/// <param name="Bytes">The smallest limit of our own group and those above it.</param>
/// <param name="File">Where it stands.</param>
internal sealed record ContainerMemory(long Bytes, string File)
{
    // How the two versions differ, as far as a limit goes.
    private sealed record Version(string FileSystem, string LimitFile, Func<string[], bool> IsGroup, Func<string, bool> IsMount);

    private static readonly Version[] Versions =
    [
        // "0::/service"
        new("cgroup2", "memory.max", group => group[0] == "0" && group[1].Length == 0, _ => true),
        // "4:memory:/service", and a mount for each controller
        new("cgroup", "memory.limit_in_bytes", group => group[1].Split(',').Contains("memory"), options => options.Split(',').Contains("memory")),
    ];

    /// <param name="root">Of the file system; a test has one of its own.</param>
    /// <returns>Null: there is no limit below what the machine has, or none that can be read.</returns>
    internal static ContainerMemory? Find(string root = "/")
    {
        try
        {
            var groups = Lines(root, "proc/self/cgroup").Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3).ToArray();
            var mounts = Lines(root, "proc/self/mountinfo");
            var limit = Versions.SelectMany(version => LimitsOf(version, groups, mounts, root)).MinBy(found => found.Bytes);
            return limit is not null && limit.Bytes < Installed(root) ? limit : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Without /proc nothing is known, and .NET itself looks no further.
            return null;
        }
    }

    /// <summary>The directories of our control groups that limit memory, our own group first, and those above it.</summary>
    /// <param name="root">As for <see cref="Find"/>.</param>
    internal static string[] Groups(string root)
    {
        try
        {
            var groups = Lines(root, "proc/self/cgroup").Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3).ToArray();
            var mounts = Lines(root, "proc/self/mountinfo");
            return [.. Versions.SelectMany(version => DirectoriesOf(version, groups, mounts)).Select(directory => Path.Combine(root, directory[1..]))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IEnumerable<ContainerMemory> LimitsOf(Version version, string[][] groups, string[] mounts, string root)
    {
        foreach (var directory in DirectoriesOf(version, groups, mounts))
        {
            var file = Join(directory, version.LimitFile);
            if (ReadLimit(Path.Combine(root, file[1..])) is { } bytes) yield return new ContainerMemory(bytes, file);
        }
    }

    private static IEnumerable<string> DirectoriesOf(Version version, string[][] groups, string[] mounts)
    {
        if (groups.FirstOrDefault(version.IsGroup) is not [_, _, var group]) yield break;
        foreach (var line in mounts)
        {
            // "31 23 0:28 /its-root /where rw … - cgroup2 source options"
            var fields = line.Split(' ');
            var separator = Array.IndexOf(fields, "-");
            if (separator < 5 || fields.Length < separator + 4 || fields[separator + 1] != version.FileSystem || !version.IsMount(fields[separator + 3])) continue;
            var top = "/" + fields[4].Trim('/');
            for (var directory = Join(top, Below(fields[3], group)); ; directory = Path.GetDirectoryName(directory)!)
            {
                yield return directory;
                if (directory.Length <= top.Length) break;
            }
        }
    }

    // A container sees the part of the tree that was mounted for it, while the path may still be the whole one. A path that leads out of the
    // mount ("/../other") is not ours to follow.
    private static string Below(string mounted, string group)
    {
        var own = mounted != "/" && (group + "/").StartsWith(mounted + "/", StringComparison.Ordinal) ? group[mounted.Length..] : group;
        return own.Split('/').Contains("..") ? "" : own.Trim('/');
    }

    private static string Join(string directory, string name) => name.Length == 0 ? directory : directory.TrimEnd('/') + "/" + name;

    /// <returns>Null: no such file, or "max".</returns>
    private static long? ReadLimit(string path)
    {
        if (!System.IO.File.Exists(path)) return null;
        try
        {
            return long.TryParse(System.IO.File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The group has been removed meanwhile, or is not ours to read: another one above it may be.
            return null;
        }
    }

    // No limit at all is in version 1 a number beyond all memory; so is a limit that was meant for a larger machine.
    private static long Installed(string root) => Lines(root, "proc/meminfo")
        .Where(line => line.StartsWith("MemTotal:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024)
        .FirstOrDefault(long.MaxValue);

    private static string[] Lines(string root, string path) => System.IO.File.ReadAllLines(Path.Combine(root, path));
}
