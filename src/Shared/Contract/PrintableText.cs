using System.Globalization;
using System.Text;

namespace StarletNet.Shared.Contract;

/// <summary>Which characters of other people's text may be shown: some command a terminal, some reorder or hide what stands beside them.</summary>
internal static class PrintableText
{
    /// <summary>
    /// Control characters, line and paragraph separators, and everything that has no width of its own or none that can be seen: format characters (among
    /// them the bidirectional controls U+202A to U+202E and U+2066 to U+2069, zero-width characters and tags), variation selectors and fillers. Source: the
    /// Unicode categories Cc, Cf, Zl and Zp, and the property Default_Ignorable_Code_Point for the rest.
    /// </summary>
    internal static bool IsInvisible(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || rune.Value is 0x034F or 0x115F or 0x1160 or (>= 0x17B4 and <= 0x17B5) or (>= 0x180B and <= 0x180F) or 0x2065 or 0x2800 or 0x3164
            or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xFFF0 and <= 0xFFF8) or (>= 0xE0000 and <= 0xE0FFF);

    /// <summary>A question mark for each character that must not be shown, and for halves of surrogate pairs.</summary>
    /// <param name="text">From anywhere.</param>
    /// <param name="keepsTabs">Tabs stay.</param>
    internal static string Of(string text, bool keepsTabs = false)
    {
        var isPlain = true;
        foreach (var letter in text) isPlain &= letter is >= ' ' and <= '~';
        if (isPlain) return text;
        var printable = new StringBuilder(text.Length);
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var isWhole = Rune.DecodeFromUtf16(rest, out var rune, out var consumed) == System.Buffers.OperationStatus.Done;
            if (isWhole && (!IsInvisible(rune) || (keepsTabs && rune.Value == '\t'))) printable.Append(rest[..consumed]);
            else printable.Append('?');
            rest = rest[consumed..];
        }
        return printable.ToString();
    }
}
