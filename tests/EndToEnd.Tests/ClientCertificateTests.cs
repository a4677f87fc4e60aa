using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>From the options on the command line to the handshake of a real worker.</summary>
public sealed class ClientCertificateTests
{
    [Fact]
    public async Task Only_who_shows_a_certificate_of_the_operators_authority_is_served()
    {
        using var scratch = new ScratchDirectory();
        using var authority = Sign("CN=authority", null);
        using var server = Sign("CN=localhost", authority);
        using var known = Sign("CN=known", authority);
        using var stranger = Sign("CN=stranger", null);
        var port = FreePort.Next();
        using var program = ProgramUnderTest.Start(Artifacts.StarletNet,
        [
            $"--listen=127.0.0.1:{port}", "--ssl", "--ssl-cert", scratch.Write("cert.pem", server.ExportCertificatePem()),
            "--ssl-key", scratch.Write("key.pem", server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
            "--ssl-verify-mode", "require", "--ssl-ca-file", scratch.Write("ca.pem", authority.ExportCertificatePem()), "--max-workers=1",
            Path.Combine(Artifacts.TestApp("TestApp"), "TestApp.dll"),
        ]);
        await program.LineAsync("serving .* with 1 workers");
        var uri = new Uri($"https://127.0.0.1:{port}/");

        Assert.StartsWith("hello", await GetAsync(uri, known));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(uri, null));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(uri, stranger));

        // It was them, and not the worker.
        Assert.StartsWith("hello", await GetAsync(uri, known));
        Assert.Equal(0, (await program.StopAsync()).Code);
        await program.NothingLeftAsync();
    }

    private static async Task<string> GetAsync(Uri uri, X509Certificate2? certificate)
    {
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
#pragma warning disable CA5359 // Whom the client trusts is not what is tested here.
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            },
        };
        using var http = new HttpClient(handler) { Timeout = Deadlines.Event };
        return await http.GetStringAsync(uri);
    }

    /// <param name="name">Whose it is.</param>
    /// <param name="issuer">Null: it signs itself, and may sign others.</param>
    private static X509Certificate2 Sign(string name, X509Certificate2? issuer)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, pair, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null, false, 0, true));
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        if (issuer is null) return request.CreateSelfSigned(from, to);
        using var signed = request.Create(issuer, from.AddHours(1), to.AddHours(-1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(pair);
    }
}
