using System.Globalization;
using System.Net;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Listening;

/// <summary>
/// Names the process that holds an address which cannot be bound: the kernel lists each socket with its inode (/proc/net, proc_pid_net(5)), and each
/// process has a link with that inode (/proc/PID/fd). For a message alone: by the time that it is read the process may be gone.
/// </summary>
/// <param name="proc">Where the kernel's files are; a test has its own.</param>
internal sealed class AddressHolder(string proc = "/proc")
{
    // Columns of /proc/net/tcp and udp; "uid" is the eighth, "inode" the tenth.
    private const int Local = 1, State = 3, User = 7, Inode = 9;
    private const string Listens = "0A", UdpBound = "07";

    /// <summary>For an address that is in use.</summary>
    /// <returns><c>nginx (pid 812)</c>; <c>a process of the user with number 33</c> where we may not look at its descriptors; null if no socket is found.</returns>
    internal string? OfTcp(IPEndPoint address) => Of(["net/tcp", "net/tcp6"], Listens, address);

    /// <inheritdoc cref="OfTcp"/>
    internal string? OfUdp(IPEndPoint address) => Of(["net/udp", "net/udp6"], UdpBound, address);

    /// <inheritdoc cref="OfTcp"/>
    /// <param name="name">Of an abstract Unix socket, with its leading <c>@</c>.</param>
    internal string? OfAbstract(string name)
    {
        // Columns: number, references, protocol, flags, type, state, inode, name. A name may have blanks.
        var found = Lines("net/unix").Select(line => line.Split(' ', 8, StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(columns => columns.Length == 8 && columns[7] == name);
        return found is null ? null : Named(found[6]);
    }

    /// <summary>For a process that is known; null: it is gone.</summary>
    internal string? Named(int pid) => Text($"{proc}/{pid}/comm").Trim() is { Length: > 0 } name ? $"{name} (pid {pid})" : null;

    private string? Of(string[] lists, string state, IPEndPoint address)
    {
        foreach (var columns in lists.SelectMany(Lines).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (columns.Length <= Inode || columns[State] != state || Parse(columns[Local]) is not { } held || !Excludes(held, address)) continue;
            return Named(columns[Inode]) ?? $"a process of the user with number {columns[User]}";
        }
        return null;
    }

    // The same port, and the same address or one of both is any address.
    private static bool Excludes(IPEndPoint held, IPEndPoint wanted)
    {
        if (held.Port != wanted.Port) return false;
        var (one, other) = (Plain(held.Address), Plain(wanted.Address));
        return IsAny(one) || IsAny(other) || one.Equals(other);
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary><c>0100007F:1F90</c>: the port is a number, the address one word of 32 bits, or four, each as the machine has it in memory.</summary>
    private static IPEndPoint? Parse(string text)
    {
        if (text.Split(':') is not [{ Length: 8 or 32 } words, var port]) return null;
        var bytes = new byte[words.Length / 2];
        for (var word = 0; word < bytes.Length; word += 4)
        {
            if (!uint.TryParse(words.AsSpan(word * 2, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)) return null;
            BitConverter.TryWriteBytes(bytes.AsSpan(word), number);
        }
        return int.TryParse(port, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var at) ? new IPEndPoint(new IPAddress(bytes), at) : null;
    }

    // The oldest of those that have the socket: the one that made it, and not the children that it was handed to.
    private string? Named(string inode)
    {
        var wanted = $"socket:[{inode}]";
        var holders = Processes().Where(pid => Has(pid, wanted)).ToArray();
        if (holders.Length == 0) return null;
        var oldest = holders.MinBy(StartOf);
        return oldest == Environment.ProcessId ? "this process itself" : Named(oldest);
    }

    private IEnumerable<int> Processes() => Entries(proc)
        .Select(entry => int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(pid => pid > 0);

    private bool Has(int pid, string socket) => Entries($"{proc}/{pid}/fd").Any(link => TargetOf(link) == socket);

    // A process that is gone, or another user's, shows no descriptors.
    private static string[] Entries(string directory)
    {
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static unsafe string TargetOf(string link)
    {
        const int Longest = 64; // longer ones are files
        var target = stackalloc byte[Longest];
        var length = LibC.readlinkat(LibC.AT_FDCWD, link, target, Longest);
        return length < 0 ? "" : System.Text.Encoding.UTF8.GetString(target, (int)length);
    }

    // The twenty-second field of stat, in ticks since the boot; the second is the name in parentheses, and may hold anything.
    private long StartOf(int pid) =>
        Text($"{proc}/{pid}/stat") is { Length: > 0 } stat && stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 19 } fields
        && long.TryParse(fields[22 - 3], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? ticks : long.MaxValue;

    private string[] Lines(string list) => Text($"{proc}/{list}").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // No IPv6, no /proc, a process that is gone: then less is known.
            return "";
        }
    }
}
