using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace StarletNet.Hosting.Server;

/// <summary>
/// Makes Kestrel refuse a Content-Length that is more than digits, such as <c>+5</c> (RFC 9110, 8.6: <c>Content-Length =
/// 1*DIGIT</c>; RFC 9112, 6.3: an invalid one is answered with 400 and the connection closed).
/// </summary>
/// <remarks>
/// Kestrel keeps the number and forgets how it was written, so it must be looked at while it is being parsed. The one public
/// place there is the encoding by which a header's value is read: for this header it is one in which only digits are digits.
/// </remarks>
internal sealed class StrictContentLength : IPostConfigureOptions<KestrelServerOptions>
{
    private static readonly DigitsOnly Digits = new();

    public void PostConfigure(string? name, KestrelServerOptions options)
    {
        var others = options.RequestHeaderEncodingSelector;
        options.RequestHeaderEncodingSelector = header => ReferenceEquals(header, HeaderNames.ContentLength) ? Digits : others(header);
    }

    private sealed class DigitsOnly : Encoding
    {
        // What Kestrel parses. A single letter is no number, whatever stood there.
        public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
        {
            if (bytes.Length <= chars.Length && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return Latin1.GetChars(bytes, chars);
            chars[0] = 'x';
            return 1;
        }

        // For the message about what was refused.
        public override int GetCharCount(byte[] bytes, int index, int count) => count;

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
            Latin1.GetChars(bytes, byteIndex, byteCount, chars, charIndex);

        public override int GetMaxCharCount(int byteCount) => byteCount;

        public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
            Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

        public override int GetMaxByteCount(int charCount) => charCount;
    }
}
