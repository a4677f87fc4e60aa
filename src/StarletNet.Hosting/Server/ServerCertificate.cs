using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;

namespace StarletNet.Hosting.Server;

/// <summary>The operator's certificate and what belongs to it, out of the files that the master has read.</summary>
/// <param name="Leaf">With its private key.</param>
/// <param name="Chain">The certificates between it and a root, as far as the file has them.</param>
internal sealed record ServerCertificate(X509Certificate2 Leaf, X509Certificate2Collection Chain)
{
    /// <exception cref="OperatorException">Malformed, or certificate, key and password do not belong together.</exception>
    internal static ServerCertificate Of(TlsFiles files)
    {
        // Its first line: what an editor or a secret store has put behind it is no part of it.
        var password = files.Password is { } file ? Text(file).Split('\n')[0].TrimEnd('\r') : null;
        try
        {
            return IsPem(files.Certificate) ? FromPem(files, password) : FromPkcs12(files.Certificate, password);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw Refused(files, Why(files, error));
        }
    }

    /// <summary>Certificates of a PEM file.</summary>
    /// <exception cref="OperatorException">It has none.</exception>
    internal static X509Certificate2Collection Authorities(TlsFile file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Text(file));
        }
        catch (CryptographicException error)
        {
            throw new OperatorException($"cannot use {file.Name}: {error.Message}", ExitCodes.Failure);
        }
        return certificates.Count > 0 ? certificates : throw new OperatorException($"cannot use {file.Name}: there is no PEM certificate in it", ExitCodes.Failure);
    }

    private static ServerCertificate FromPem(TlsFiles files, string? password)
    {
        var certificate = Text(files.Certificate);
        var key = Text(files.Key ?? files.Certificate);
        var isEncrypted = key.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);
        if (isEncrypted && password is null) throw Refused(files, "the key is encrypted; give its password with --ssl-password-file");
        var leaf = isEncrypted ? X509Certificate2.CreateFromEncryptedPem(certificate, key, password) : X509Certificate2.CreateFromPem(certificate, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        chain.RemoveAt(0);
        return new ServerCertificate(leaf, chain);
    }

    private static ServerCertificate FromPkcs12(TlsFile file, string? password)
    {
        var chain = new X509Certificate2Collection();
        chain.Import(file.Content, password, X509KeyStorageFlags.EphemeralKeySet);
        var leaf = chain.FirstOrDefault(certificate => certificate.HasPrivateKey) ?? throw new CryptographicException("it has no certificate with a key");
        chain.Remove(leaf);
        return new ServerCertificate(leaf, chain);
    }

    // .NET says of most of these no more than "the parameter is incorrect".
    private static string Why(TlsFiles files, Exception error)
    {
        if (!IsPem(files.Certificate)) return $"it is neither PEM nor a PKCS#12 file that the password opens ({error.Message})";
        var key = Text(files.Key ?? files.Certificate);
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal)) return "there is no PEM key for it; give one with --ssl-key";
        return files.Password is null
            ? $"the certificate and the key do not belong together, or one of them is malformed ({error.Message})"
            : $"the password does not open the key, or the key is not the certificate's ({error.Message})";
    }

    private static OperatorException Refused(TlsFiles files, string why) =>
        new($"cannot use the certificate {files.Certificate.Name}{(files.Key is { } key ? $" with the key {key.Name}" : "")}: {why}", ExitCodes.Failure);

    private static bool IsPem(TlsFile file) => file.Content.AsSpan().IndexOf("-----BEGIN "u8) >= 0;

    private static string Text(TlsFile file) => Encoding.UTF8.GetString(file.Content);
}
