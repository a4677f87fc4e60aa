using System.Text;

namespace StarletNet.Shared.Interop;

/// <summary>struct sockaddr_un: a path, or with a leading <c>@</c> a name in the abstract namespace.</summary>
internal static class UnixAddress
{
    /// <summary>Longest path in bytes; one of sun_path's 108 is the terminating zero.</summary>
    internal const int MaxPathLength = 107;

    /// <summary>The raw address, exactly as long as it must be: an abstract name has no terminator, so its length counts.</summary>
    /// <returns>Null if the path is empty or too long.</returns>
    internal static byte[]? Encode(string path)
    {
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length is 0 or > MaxPathLength) return null;
        var isAbstract = name[0] == (byte)'@';
        var address = new byte[2 + name.Length + (isAbstract ? 0 : 1)];
        BitConverter.TryWriteBytes(address, (ushort)LibC.AF_UNIX);
        name.CopyTo(address, 2);
        if (isAbstract) address[2] = 0;
        return address;
    }
}
