using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StarletNet.TestKit;

namespace StarletNet.Bench.Peers;

/// <summary>A self-signed certificate for 127.0.0.1, as PEM files.</summary>
internal sealed record Certificate(string CertificateFile, string KeyFile)
{
    internal static Certificate Write(ScratchDirectory scratch)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        return new Certificate(
            scratch.Write("certificate.pem", certificate.ExportCertificatePem()),
            scratch.Write("key.pem", key.ExportPkcs8PrivateKeyPem()));
    }
}
