using System.Buffers;
using System.Globalization;
using System.Text;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.AccessLog;

/// <summary>
/// One line in the making, in a rented array. What comes from a client goes in escaped: no character of it can end the line, end the quotes
/// it stands in, or command a terminal.
/// </summary>
internal ref struct LineBuffer
{
    private const int UsualLine = 1024;

    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(UsualLine);
    private int _length;

    public LineBuffer()
    {
    }

    internal readonly ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    internal void Add(char ascii)
    {
        Room(1)[0] = (byte)ascii;
        _length++;
    }

    internal void Add(Rune rune) => _length += rune.EncodeToUtf8(Room(4));

    internal void Add(long number) => AddFormatted(number, default);

    /// <param name="value">A number or a time.</param>
    /// <param name="format">As .NET has it.</param>
    internal void AddFormatted<T>(T value, ReadOnlySpan<char> format) where T : IUtf8SpanFormattable
    {
        int written;
        for (var room = 32; !value.TryFormat(Room(room), out written, format, CultureInfo.InvariantCulture); room *= 2)
        {
        }
        _length += written;
    }

    /// <summary>As Apache writes it: quote and backslash behind a backslash, everything that is not printable ASCII as <c>\xHH</c>.</summary>
    internal void AddEscaped(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var odd = text.IndexOfAnyExcept(Plain);
            var plain = odd < 0 ? text : text[..odd];
            _length += Encoding.ASCII.GetBytes(plain, Room(plain.Length));
            if (odd < 0) return;
            _ = Rune.DecodeFromUtf16(text[odd..], out var rune, out var consumed);
            AddEscaped(rune);
            text = text[(odd + consumed)..];
        }
    }

    private void AddEscaped(Rune rune)
    {
        if (rune.Value is '"' or '\\')
        {
            Add('\\');
            Add((char)rune.Value);
            return;
        }
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var one in utf8[..rune.EncodeToUtf8(utf8)])
        {
            Add("\\x"u8);
            AddFormatted(one, "x2");
        }
    }

    /// <summary>A string of JSON, with its quotes. Characters beyond ASCII stay, but for those that command a terminal or cannot be seen.</summary>
    internal void AddJson(ReadOnlySpan<char> text)
    {
        Add('"');
        while (!text.IsEmpty)
        {
            var odd = text.IndexOfAnyExcept(Plain);
            var plain = odd < 0 ? text : text[..odd];
            _length += Encoding.ASCII.GetBytes(plain, Room(plain.Length));
            if (odd < 0) break;
            // Half a surrogate pair becomes U+FFFD.
            _ = Rune.DecodeFromUtf16(text[odd..], out var rune, out var consumed);
            AddJson(rune);
            text = text[(odd + consumed)..];
        }
        Add('"');
    }

    private void AddJson(Rune rune)
    {
        if (rune.Value is '"' or '\\')
        {
            Add('\\');
            Add((char)rune.Value);
        }
        else if (PrintableText.IsInvisible(rune))
        {
            // JSON has escapes for UTF-16 alone: two for one beyond U+FFFF.
            Span<char> letters = stackalloc char[2];
            foreach (int letter in letters[..rune.EncodeToUtf16(letters)])
            {
                Add("\\u"u8);
                AddFormatted(letter, "x4");
            }
        }
        else
        {
            Add(rune);
        }
    }

    private Span<byte> Room(int needed)
    {
        if (_bytes.Length - _length >= needed) return _bytes.AsSpan(_length);
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + needed));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
        return _bytes.AsSpan(_length);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);
}
