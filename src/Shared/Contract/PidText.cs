using System.Globalization;
using System.Text;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Contract;

/// <summary>What a pid file holds, for those who write it and those who remove it: the number and a newline.</summary>
internal static unsafe class PidText
{
    internal static byte[] Of(int pid) => Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture) + "\n");

    /// <summary>Whether the first line of an open file is that number.</summary>
    internal static bool IsIn(int file, int pid)
    {
        var line = Of(pid);
        var buffer = stackalloc byte[32];
        // From its beginning, wherever the descriptor stands after the writing.
        var length = LibC.pread(file, buffer, 32, 0);
        if (length < 0) return false;
        var found = new ReadOnlySpan<byte>(buffer, (int)length);
        return found.StartsWith(line) || found.SequenceEqual(line.AsSpan(0, line.Length - 1));
    }
}
