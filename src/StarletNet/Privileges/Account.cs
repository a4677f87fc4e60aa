using System.Globalization;
using System.Runtime.InteropServices;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Privileges;

/// <summary>A user of this system.</summary>
internal sealed unsafe record Account(string Name, uint User, uint Group, string Home)
{
    /// <param name="text">A name or a number.</param>
    /// <returns>Null if there is no such user.</returns>
    internal static Account? Find(string text)
    {
        var entry = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? LibC.getpwuid(number) : LibC.getpwnam(text);
        return entry == null
            ? null
            : new Account(Marshal.PtrToStringUTF8((nint)entry->pw_name)!, entry->pw_uid, entry->pw_gid, Marshal.PtrToStringUTF8((nint)entry->pw_dir)!);
    }

    /// <param name="text">A name or a number; a number needs no entry.</param>
    /// <returns>Null if there is no such group.</returns>
    internal static uint? FindGroup(string text)
    {
        if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        var entry = LibC.getgrnam(text);
        return entry == null ? null : entry->gr_gid;
    }
}
