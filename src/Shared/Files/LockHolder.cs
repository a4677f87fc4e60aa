using System.Globalization;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Files;

/// <summary>
/// A process that holds a flock(2) lock on a file, by the kernel's word. The lock alone proves little: every user who may read a file may lock it.
/// </summary>
/// <param name="Pid">The process that took the lock.</param>
/// <param name="User">Its real user: what is executed with set-uid keeps it. Null: it cannot be told.</param>
/// <param name="IsExclusive">A shared lock is that of a process which asks whether a server is there.</param>
internal sealed record LockHolder(int Pid, uint? User, bool IsExclusive)
{
    /// <summary>For messages: <c>process 12 (sleep) of user 33</c>.</summary>
    public override string ToString() =>
        $"process {Pid}{(ReadLine("comm", "") is { } name ? $" ({Printable(name)})" : "")}{(User is { } user ? $" of user {user}" : "")}";

    /// <summary>Whether it may be a server of ours: root's, our own user's, or of the user whom the file belongs to. One that cannot be told counts.</summary>
    internal bool MayBeServer(uint? owner) => IsExclusive && (User is not { } user || user == 0 || user == LibC.geteuid() || user == owner);

    /// <param name="file">Open for reading.</param>
    /// <returns>
    /// All that can be seen from our pid namespace: empty if the holder cannot be seen, or has let go meanwhile. Null: the kernel does not tell.
    /// </returns>
    internal static IReadOnlyList<LockHolder>? Of(int file)
    {
        try
        {
            if (KernelNameOf(file) is not { } name) return null;
            // 1: FLOCK  ADVISORY  WRITE 1234 00:2f:123456 0 EOF; one that waits has an arrow before the second word (proc_locks(5)).
            return
            [
                .. File.ReadAllLines("/proc/locks").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Where(words => words.Length >= 6 && words[1] == "FLOCK" && words[5] == name)
                    .Select(words => (Pid: int.TryParse(words[4], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0, IsExclusive: words[3] == "WRITE"))
                    // 0 or below: of another pid namespace.
                    .Where(holder => holder.Pid > 0)
                    .Select(holder => new LockHolder(holder.Pid, RealUserOf(holder.Pid), holder.IsExclusive)),
            ];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// What the kernel calls the file in /proc/locks: <c>00:2f:123456</c>. statx(2) may give other numbers (overlayfs, btrfs), so a lock of our own, of a
    /// kind that is in the way of nobody's flock(2), is looked up in /proc/self/fdinfo.
    /// </summary>
    private static unsafe string? KernelNameOf(int file)
    {
        var lockOfOurs = new flock { l_type = (short)LibC.F_RDLCK, l_start = long.MaxValue - 1, l_len = 1 };
        if (LibC.fcntl(file, LibC.F_OFD_SETLK, &lockOfOurs) < 0) return null;
        try
        {
            // lock:	1: OFDLCK ADVISORY  READ -1 00:2f:123456 9223372036854775806 EOF
            return File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{file}"))
                .Where(line => line.StartsWith("lock:", StringComparison.Ordinal) && line.Contains("OFDLCK", StringComparison.Ordinal))
                .SelectMany(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
                .FirstOrDefault(word => word.Count(one => one == ':') == 2);
        }
        finally
        {
            lockOfOurs.l_type = (short)LibC.F_UNLCK;
            _ = LibC.fcntl(file, LibC.F_OFD_SETLK, &lockOfOurs);
        }
    }

    // Uid:	real	effective	saved	file system
    private static uint? RealUserOf(int pid) =>
        new LockHolder(pid, null, false).ReadLine("status", "Uid:") is { } line
        && uint.TryParse(line.Split('\t', StringSplitOptions.RemoveEmptyEntries)[1], NumberStyles.None, CultureInfo.InvariantCulture, out var user) ? user : null;

    private string? ReadLine(string file, string prefix)
    {
        try
        {
            return File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{Pid}/{file}")).FirstOrDefault(line => line.StartsWith(prefix, StringComparison.Ordinal));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended, or /proc hides it (hidepid).
            return null;
        }
    }

    // A process chooses its own name.
    private static string Printable(string name) => string.Concat(name.Select(one => char.IsAsciiLetterOrDigit(one) || "-_./:+".Contains(one) ? one : '?'));
}
