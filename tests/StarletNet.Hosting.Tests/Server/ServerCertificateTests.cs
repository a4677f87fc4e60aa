using System.Security.Cryptography.X509Certificates;
using StarletNet.Hosting.Server;
using StarletNet.Hosting.Tests.Workers;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;

namespace StarletNet.Hosting.Tests.Server;

public sealed class ServerCertificateTests
{
    private static readonly TlsFiles Usual = TestCertificates.Usual;
    private static readonly TlsFile Encrypted = TestCertificates.File("key.pem", TestCertificates.Key(TestCertificates.Server, "s3 cret"));

    private static TlsFile Pkcs12(string? password) =>
        new("all.p12", new X509Certificate2Collection { TestCertificates.Server, TestCertificates.Intermediate }.Export(X509ContentType.Pkcs12, password)!);

    public static TheoryData<string> Forms => ["two files", "one file", "encrypted key", "PKCS#12", "PKCS#12 with a password"];

    [Theory]
    [MemberData(nameof(Forms))]
    public void It_comes_in_many_forms(string form)
    {
        var (server, intermediate) = (TestCertificates.Server, TestCertificates.Intermediate);
        var files = form switch
        {
            "two files" => Usual,
            "one file" => Usual with { Certificate = TestCertificates.File("all.pem", TestCertificates.Key(server) + "\n" + TestCertificates.Pem(server, intermediate)), Key = null },
            "encrypted key" => Usual with { Key = Encrypted, Password = TestCertificates.File("password", "s3 cret\r\nthe first line counts\n") },
            "PKCS#12" => Usual with { Certificate = Pkcs12(null), Key = null },
            _ => Usual with { Certificate = Pkcs12("x"), Key = null, Password = TestCertificates.File("password", "x") },
        };

        var certificate = ServerCertificate.Of(files);

        Assert.Equal(server, certificate.Leaf);
        Assert.True(certificate.Leaf.HasPrivateKey);
        Assert.Equal(intermediate, Assert.Single(certificate.Chain));
    }

    public static TheoryData<string, string> Mistakes => new()
    {
        { "other key", "cannot use the certificate cert.pem with the key other.pem: the certificate and the key do not belong together" },
        { "no key", "cannot use the certificate cert.pem: there is no PEM key for it; give one with --ssl-key" },
        { "no password", "cannot use the certificate cert.pem with the key key.pem: the key is encrypted; give its password with --ssl-password-file" },
        { "wrong password", "cannot use the certificate cert.pem with the key key.pem: the password does not open the key" },
        { "junk", "cannot use the certificate junk with the key key.pem: it is neither PEM nor a PKCS#12 file" },
        { "wrong password of PKCS#12", "cannot use the certificate all.p12: it is neither PEM nor a PKCS#12 file that the password opens" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void What_is_wrong_with_it_is_said_for_people(string mistake, string why)
    {
        var files = mistake switch
        {
            "other key" => Usual with { Key = TestCertificates.File("other.pem", TestCertificates.Key(TestCertificates.Stranger)) },
            "no key" => Usual with { Key = null },
            "no password" => Usual with { Key = Encrypted },
            "wrong password" => Usual with { Key = Encrypted, Password = TestCertificates.File("p", "wrong") },
            "junk" => Usual with { Certificate = TestCertificates.File("junk", "junk") },
            _ => Usual with { Certificate = Pkcs12("x"), Key = null, Password = TestCertificates.File("p", "y") },
        };

        Assert.StartsWith(why, Assert.Throws<OperatorException>(() => ServerCertificate.Of(files)).Message);
    }

    [Fact]
    public void Authorities_without_a_certificate_are_refused() =>
        Assert.Equal("cannot use ca: there is no PEM certificate in it",
            Assert.Throws<OperatorException>(() => ServerCertificate.Authorities(TestCertificates.File("ca", "none"))).Message);

    [Fact]
    public void What_the_master_writes_the_worker_reads()
    {
        var files = Usual with { Password = TestCertificates.File("p", "x"), Clients = ClientCertificates.Required };
        using var memory = files.Write();

        // Twice: other workers read the same memory.
        foreach (var read in new[] { TlsFiles.Read(memory.Number), TlsFiles.Read(memory.Number) })
        {
            Assert.Equal(files.Clients, read.Clients);
            Assert.Equal(files.Certificate.Name, read.Certificate.Name);
            Assert.Equal(files.Certificate.Content, read.Certificate.Content);
            Assert.Equal(files.Key!.Content, read.Key!.Content);
            Assert.Equal(files.Password!.Content, read.Password!.Content);
            Assert.Null(read.Authorities);
        }
    }
}
