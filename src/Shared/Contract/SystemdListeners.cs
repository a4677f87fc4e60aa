using System.Globalization;

namespace StarletNet.Shared.Contract;

/// <summary>Socket activation as of sd_listen_fds(3): LISTEN_FDS descriptors from 3 on, if LISTEN_PID is us.</summary>
internal static class SystemdListeners
{
    internal const int FirstDescriptor = 3;

    /// <summary>The kernel's own limit (fs.nr_open) unless somebody has raised it.</summary>
    private const int MostDescriptors = 1024 * 1024;

    /// <summary>The descriptors, named by LISTEN_FDNAMES where given; null if the variables are not there or not meant for this pid.</summary>
    /// <exception cref="FormatException">LISTEN_FDS or LISTEN_PID is no number, or more than anybody can have open.</exception>
    internal static IReadOnlyList<NamedDescriptor>? Parse(Func<string, string?> environment, int ownPid)
    {
        if (environment(EnvironmentNames.ListenFds) is not { Length: > 0 } fds) return null;
        // Without LISTEN_PID the descriptors may be anybody's: systemd always sets it.
        if (environment(EnvironmentNames.ListenPid) is not { Length: > 0 } pid) return null;
        if (Number(EnvironmentNames.ListenPid, pid) != ownPid) return null;
        var count = Number(EnvironmentNames.ListenFds, fds);
        if (count > MostDescriptors) throw new FormatException($"{EnvironmentNames.ListenFds}='{fds}' is more than a process can have open");
        var names = environment(EnvironmentNames.ListenFdNames)?.Split(':') ?? [];
        return [.. Enumerable.Range(0, count).Select(i =>
            new NamedDescriptor(i < names.Length && names[i].Length > 0 ? names[i] : "unknown", FirstDescriptor + i))];
    }

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{name}='{value}' is not a number");
}
