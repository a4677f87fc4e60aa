using System.Text;

namespace StarletNet.Shared.Processes;

/// <summary>
/// Arguments and variables that are not UTF-8, as they really are. .NET decodes both on the way in and puts
/// U+FFFD for what it cannot read; a program we start must get what the operator gave us.
/// </summary>
internal static class OriginalBytes
{
    /// <summary>What .NET puts in the place of bytes that are not UTF-8.</summary>
    private const char Replacement = '\uFFFD';

    private static readonly Lazy<Dictionary<string, byte[]>> Known = new(Read);

    /// <summary>The bytes that were decoded to <paramref name="text"/>; null if it says just what it means.</summary>
    internal static byte[]? Of(string text) => text.Contains(Replacement) ? Known.Value.GetValueOrDefault(text) : null;

    /// <summary>
    /// What cannot be used as a value, since only a part of what .NET does with it keeps the bytes: a path would lead to another file. For messages, with the
    /// bytes that are not UTF-8 written <c>\xff</c>.
    /// </summary>
    /// <param name="text">A word of the command line, or a variable as <c>NAME=value</c>.</param>
    /// <returns>Null if it says just what it means.</returns>
    internal static string? Escaped(string text) =>
        Of(text) is { } bytes && !bytes.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(text)) ? Escape(bytes) : null;

    /// <inheritdoc cref="Escaped"/>
    internal static string Escape(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        while (!bytes.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var length);
            if (status == System.Buffers.OperationStatus.Done) text.Append(rune);
            else foreach (var one in bytes[..length]) text.Append("\\x").Append(one.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
            bytes = bytes[length..];
        }
        return text.ToString();
    }

    /// <summary>To be called before the arguments are written over.</summary>
    internal static void Keep() => _ = Known.Value;

    /// <summary>Decodes bytes that come from elsewhere (a file) and are to reach a child as they are, alone or after a prefix.</summary>
    internal static string Decode(ReadOnlySpan<byte> bytes, string prefix)
    {
        var decoded = Encoding.UTF8.GetString(bytes);
        if (decoded.Contains(Replacement)) Known.Value[prefix + decoded] = [.. Encoding.UTF8.GetBytes(prefix), .. bytes];
        return decoded;
    }

    private static Dictionary<string, byte[]> Read()
    {
        var known = new Dictionary<string, byte[]>();
        foreach (var file in new[] { "/proc/self/cmdline", "/proc/self/environ" })
        {
            foreach (var entry in Split(File.ReadAllBytes(file)))
            {
                var decoded = Encoding.UTF8.GetString(entry);
                if (decoded.Contains(Replacement)) known[decoded] = entry;
            }
        }
        return known;
    }

    private static IEnumerable<byte[]> Split(byte[] zeroTerminated)
    {
        for (int start = 0, end; start < zeroTerminated.Length; start = end + 1)
        {
            end = Array.IndexOf(zeroTerminated, (byte)0, start);
            if (end < 0) end = zeroTerminated.Length;
            yield return zeroTerminated[start..end];
        }
    }
}
