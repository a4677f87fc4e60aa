using System.Globalization;
using StarletNet.Master.Privileges;
using StarletNet.Shared.Errors;

namespace StarletNet.Master.Listening;

/// <summary>Whom a Unix socket is given to: names or numbers.</summary>
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

    /// <param name="option">How to name the option.</param>
    /// <exception cref="OperatorException">There is no such user or group.</exception>
    internal (uint User, uint Group) Numbers(string option = "--socket-owner") =>
        (Number(option, User, "user", name => Account.Find(name)?.User), Number(option, Group, "group", Account.FindGroup));

    // As --user and --group find them, by way of libc: /etc/nsswitch.conf says where there are accounts (LDAP, systemd's own).
    private static uint Number(string option, string? name, string what, Func<string, uint?> find)
    {
        if (name is null) return Unchanged;
        // A number needs no account.
        if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number != Unchanged) return number;
        return find(name) ?? throw new OperatorException($"{option}: there is no {what} '{name}'; a number will do, too", ExitCodes.Usage);
    }
}
