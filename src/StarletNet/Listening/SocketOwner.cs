using System.Globalization;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Listening;

/// <summary>Whom a Unix socket is given to: names or numbers, as they stand in <c>/etc/passwd</c> and <c>/etc/group</c>.</summary>
/// <param name="User">Null: as it is.</param>
/// <param name="Group">Null: as it is.</param>
internal sealed record SocketOwner(string? User, string? Group)
{
    private const uint Unchanged = uint.MaxValue;

    public override string ToString() => $"{User}{(Group is null ? "" : $":{Group}")}";

    /// <exception cref="FormatException">Neither <c>user</c>, <c>user:group</c> nor <c>:group</c>.</exception>
    internal static SocketOwner Parse(string text)
    {
        var parts = text.Split(':');
        if (parts.Length > 2 || text is "" or ":") throw new FormatException($"'{text}' is not an owner; write user, user:group or :group");
        return new SocketOwner(parts[0].Length > 0 ? parts[0] : null, parts.Length > 1 && parts[1].Length > 0 ? parts[1] : null);
    }

    /// <exception cref="OperatorException">There is no such user or group.</exception>
    internal (uint User, uint Group) Numbers() => (Number(User, "/etc/passwd", "user"), Number(Group, "/etc/group", "group"));

    // Of the two files only, and not by way of libc: its lookup loads whatever nsswitch.conf names into a process that has other work.
    private static uint Number(string? name, string file, string what)
    {
        if (name is null) return Unchanged;
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number != Unchanged) return number;
        // A small container may have no such file.
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            if (line.Split(':') is [var known, _, var id, ..] && known == name) return uint.Parse(id, CultureInfo.InvariantCulture);
        }
        throw new OperatorException($"--socket-owner: there is no {what} '{name}' in {file}; a number will do, too", ExitCodes.Usage);
    }
}
