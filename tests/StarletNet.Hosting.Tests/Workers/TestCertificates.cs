using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Workers;

/// <summary>An authority with one below it, and what they sign.</summary>
internal static class TestCertificates
{
    // One for all: none may be good for longer than its issuer.
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    internal static readonly X509Certificate2 Root = Sign("CN=test root", null, isAuthority: true);
    internal static readonly X509Certificate2 Intermediate = Sign("CN=test intermediate", Root, isAuthority: true);
    internal static readonly X509Certificate2 Server = Sign("CN=localhost", Intermediate);
    internal static readonly X509Certificate2 Client = Sign("CN=client", Intermediate);
    internal static readonly X509Certificate2 Stranger = Sign("CN=stranger", null);

    internal static string Pem(params X509Certificate2[] certificates) => string.Join('\n', certificates.Select(certificate => certificate.ExportCertificatePem()));

    internal static string Key(X509Certificate2 certificate) => certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    internal static string Key(X509Certificate2 certificate, string password) => certificate.GetECDsaPrivateKey()!
        .ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));

    internal static TlsFile File(string name, string content) => new(name, Encoding.UTF8.GetBytes(content));

    /// <summary>The server's with its chain, and its key in a file of its own.</summary>
    internal static readonly TlsFiles Usual =
        new(File("cert.pem", Pem(Server, Intermediate)), File("key.pem", Key(Server)), null, null, ClientCertificates.None);

    private static X509Certificate2 Sign(string name, X509Certificate2? issuer, bool isAuthority = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        if (!isAuthority)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
        }
        var (from, to) = (Now.AddDays(-1), Now.AddDays(1));
        if (issuer is null) return request.CreateSelfSigned(from, to);
        using var signed = request.Create(issuer, from, to.AddHours(-1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
