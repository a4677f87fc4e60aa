namespace StarletNet.Master.Listening;

/// <summary>
/// Whether a private key can be a certificate's, without cryptography: what is public of a key (of RSA the modulus, of elliptic curves the
/// point) stands in both, byte for byte. Said before anything listens, instead of by the first worker.
/// </summary>
internal static class KeyMatch
{
    private const byte Integer = 0x02, BitString = 0x03, OctetString = 0x04, Sequence = 0x30, PublicKey = 0xa1;

    /// <returns>False: certainly not. Where it cannot be told (encrypted, or its public part left out) true: the worker finds out.</returns>
    internal static bool MayBelong(ReadOnlySpan<byte> certificatePem, ReadOnlySpan<byte> keyPem)
    {
        if (Decode(certificatePem, "CERTIFICATE"u8) is not { } certificate) return true;
        var known = Decode(keyPem, "RSA PRIVATE KEY"u8) is { } rsa ? Modulus(rsa)
            : Decode(keyPem, "EC PRIVATE KEY"u8) is { } ec ? Point(ec)
            : Decode(keyPem, "PRIVATE KEY"u8) is { } any ? FromPkcs8(any)
            : default;
        return known.IsEmpty || certificate.AsSpan().IndexOf(known) >= 0;
    }

    // version, algorithm, then the key in its own form as an octet string.
    private static ReadOnlySpan<byte> FromPkcs8(ReadOnlySpan<byte> key)
    {
        var fields = Enter(key, Sequence);
        Take(ref fields, Integer);
        Take(ref fields, Sequence);
        var inner = Take(ref fields, OctetString);
        var modulus = Modulus(inner);
        return modulus.IsEmpty ? Point(inner) : modulus;
    }

    // version, modulus, exponent, …
    private static ReadOnlySpan<byte> Modulus(ReadOnlySpan<byte> key)
    {
        var fields = Enter(key, Sequence);
        Take(ref fields, Integer);
        var modulus = Take(ref fields, Integer);
        // Of an elliptic curve's key there is none.
        return modulus.Length >= 64 ? modulus : default;
    }

    // version, the secret, perhaps [0] the curve, perhaps [1] the point.
    private static ReadOnlySpan<byte> Point(ReadOnlySpan<byte> key)
    {
        var fields = Enter(key, Sequence);
        Take(ref fields, Integer);
        Take(ref fields, OctetString);
        while (!fields.IsEmpty)
        {
            var tag = fields[0];
            var content = Take(ref fields, tag);
            if (tag == PublicKey) return Enter(content, BitString);
            if (content.IsEmpty) break;
        }
        return default;
    }

    private static ReadOnlySpan<byte> Enter(ReadOnlySpan<byte> der, byte tag) => Take(ref der, tag);

    /// <summary>The content of the next element, if it is of that kind and whole; else nothing.</summary>
    private static ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> der, byte tag)
    {
        if (der.Length < 2 || der[0] != tag) return default;
        int length = der[1], header = 2;
        if (length >= 0x80)
        {
            var count = length & 0x7f;
            if (count is 0 or > 3 || der.Length < 2 + count) return default;
            length = 0;
            foreach (var part in der.Slice(2, count)) length = (length << 8) | part;
            header += count;
        }
        if (der.Length < header + length) return default;
        var content = der.Slice(header, length);
        der = der[(header + length)..];
        return content;
    }

    private static byte[]? Decode(ReadOnlySpan<byte> pem, ReadOnlySpan<byte> label)
    {
        var text = System.Text.Encoding.ASCII.GetString(pem);
        var name = System.Text.Encoding.ASCII.GetString(label);
        var (begin, end) = ($"-----BEGIN {name}-----", $"-----END {name}-----");
        var from = text.IndexOf(begin, StringComparison.Ordinal);
        var to = from < 0 ? -1 : text.IndexOf(end, from, StringComparison.Ordinal);
        if (to < 0) return null;
        var body = text[(from + begin.Length)..to];
        // With such headers it is encrypted, in OpenSSL's old way.
        if (body.Contains(':', StringComparison.Ordinal)) return null;
        var bytes = new byte[body.Length];
        return Convert.TryFromBase64String(body, bytes, out var length) ? bytes[..length] : null;
    }
}
