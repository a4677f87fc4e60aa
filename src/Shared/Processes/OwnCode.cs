using System.Buffers.Text;
using System.Runtime.CompilerServices;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>
/// The machine code this process has mapped, and the constants beside it. Most of both is used once, at the start or in a deploy, and would
/// stay resident for the months in between.
/// </summary>
internal static unsafe class OwnCode
{
    /// <summary>
    /// Unmaps the pages of all code and constants that come from files; what is used again is mapped again from the page cache as it is reached
    /// (madvise(2), MADV_DONTNEED). To be called before a long sleep; costs a few hundred microseconds, and some page faults at the next event.
    /// </summary>
    /// <remarks>
    /// Only mappings of which nothing but the file's own bytes can be lost: nobody may write to them now, and no page of them is the process's own. What
    /// the dynamic linker has written to before it was made read-only (relocations), or a debugger has, are such pages.
    /// </remarks>
    internal static void GiveBack()
    {
        // Only in native code: what the .NET runtime loads as code may have been changed in memory after it was mapped.
        if (RuntimeFeature.IsDynamicCodeSupported) return;
        try
        {
            // Not by lines of text: garbage of many times what is given back.
            using var file = File.OpenHandle("/proc/self/smaps");
            var mapping = (Start: 0L, End: 0L);
            Span<byte> buffer = stackalloc byte[4096];
            var (kept, offset) = (0, 0L);
            for (int count; (count = RandomAccess.Read(file, buffer[kept..], offset)) > 0; offset += count)
            {
                ReadOnlySpan<byte> text = buffer[..(kept + count)];
                for (int end; (end = text.IndexOf((byte)'\n')) >= 0; text = text[(end + 1)..]) Read(text[..end], ref mapping);
                kept = text.Length;
                text.CopyTo(buffer);
            }
        }
        catch (IOException)
        {
            // A kernel without that file: the pages stay.
        }
    }

    // 7f0c1a000000-7f0c1a165000 r-xp 00026000 fe:00 1234  /usr/lib/libc.so.6; then what is known of it. Pages that are our own are "Anonymous:", or
    // in "Swap:", which comes later.
    private static void Read(ReadOnlySpan<byte> line, ref (long Start, long End) mapping)
    {
        if (line.StartsWith("Anonymous:"u8))
        {
            if (!IsNone(line[10..])) mapping = default;
        }
        else if (line.StartsWith("Swap:"u8))
        {
            // Advice only: where it is refused (mlockall), the pages stay.
            if (IsNone(line[5..]) && mapping.End > 0) _ = LibC.madvise((void*)mapping.Start, (size_t)(ulong)(mapping.End - mapping.Start), LibC.MADV_DONTNEED);
            mapping = default;
        }
        // Capital letters begin the lines of what is known.
        else if (!line.IsEmpty && line[0] is (>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f'))
        {
            mapping = default;
            if (!Utf8Parser.TryParse(line, out long start, out var length, 'x') || !Utf8Parser.TryParse(line[(length + 1)..], out long end, out var more, 'x')) return;
            var rights = line[(length + 1 + more + 1)..];
            // [vdso] and what is anonymous has no path.
            if ((rights.StartsWith("r-xp "u8) || rights.StartsWith("r--p "u8)) && rights.Contains((byte)'/')) mapping = (start, end);
        }
    }

    private static bool IsNone(ReadOnlySpan<byte> figure) => figure.TrimStart((byte)' ').SequenceEqual("0 kB"u8);
}
