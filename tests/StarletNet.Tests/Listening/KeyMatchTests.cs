using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StarletNet.Master.Listening;

namespace StarletNet.Master.Tests.Listening;

public sealed class KeyMatchTests
{
    private static readonly RSA Rsa = RSA.Create(2048), OtherRsa = RSA.Create(2048);
    private static readonly ECDsa Curve = ECDsa.Create(ECCurve.NamedCurves.nistP256), OtherCurve = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static readonly string OfRsa = Certificate(new CertificateRequest("CN=a", Rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    private static readonly string OfCurve = Certificate(new CertificateRequest("CN=a", Curve, HashAlgorithmName.SHA256));

    private static string Certificate(CertificateRequest request)
    {
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.ExportCertificatePem();
    }

    private static bool MayBelong(string certificate, string key) => KeyMatch.MayBelong(Encoding.ASCII.GetBytes(certificate), Encoding.ASCII.GetBytes(key));

    [Fact]
    public void A_key_belongs_to_its_certificate_in_every_form()
    {
        Assert.True(MayBelong(OfRsa, Rsa.ExportPkcs8PrivateKeyPem()));
        Assert.True(MayBelong(OfRsa, Rsa.ExportRSAPrivateKeyPem()));
        Assert.True(MayBelong(OfCurve, Curve.ExportPkcs8PrivateKeyPem()));
        Assert.True(MayBelong(OfCurve, Curve.ExportECPrivateKeyPem()));
        // Both in one file.
        Assert.True(MayBelong(OfRsa + "\n" + Rsa.ExportPkcs8PrivateKeyPem(), OfRsa + "\n" + Rsa.ExportPkcs8PrivateKeyPem()));
    }

    [Fact]
    public void A_key_of_another_certificate_is_found_out_in_every_form()
    {
        Assert.False(MayBelong(OfRsa, OtherRsa.ExportPkcs8PrivateKeyPem()));
        Assert.False(MayBelong(OfRsa, OtherRsa.ExportRSAPrivateKeyPem()));
        Assert.False(MayBelong(OfCurve, OtherCurve.ExportPkcs8PrivateKeyPem()));
        Assert.False(MayBelong(OfCurve, OtherCurve.ExportECPrivateKeyPem()));
        Assert.False(MayBelong(OfCurve, Rsa.ExportPkcs8PrivateKeyPem()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nnonsense")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIB\n-----END RSA PRIVATE KEY-----")]
    public void What_cannot_be_told_is_left_to_the_worker(string key) => Assert.True(MayBelong(OfRsa, key));

    [Fact]
    public void An_encrypted_key_is_left_to_the_worker()
    {
        var how = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        Assert.True(MayBelong(OfRsa, OtherRsa.ExportEncryptedPkcs8PrivateKeyPem("secret", how)));
    }
}
