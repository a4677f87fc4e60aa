using System.Net;
using System.Net.Security;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StarletNet.TestKit;

namespace StarletNet.EndToEnd.Tests;

/// <summary>A renewed certificate is one HUP away, and no request is lost on the way.</summary>
[SupportedOSPlatform("linux")]
public sealed class TlsDeployTests
{
    private readonly List<string> _lost = [];
    private volatile bool _stops;

    [Fact]
    public async Task A_renewed_certificate_is_served_after_hup_and_http2_is_negotiated_and_nothing_is_lost()
    {
        using var scratch = new ScratchDirectory();
        Renew(scratch, "first");
        var port = FreePort.Next();
        using var program = ProgramUnderTest.Start(Artifacts.StarletNet,
        [
            $"--listen=127.0.0.1:{port}", "--ssl", "--ssl-cert", scratch.File("cert.pem"), "--ssl-key", scratch.File("key.pem"), "--max-workers=2",
            Path.Combine(Artifacts.TestApp("TestApp"), "TestApp.dll"),
        ]);
        await program.LineAsync("serving .* with 2 workers");
        var uri = new Uri($"https://127.0.0.1:{port}/");
        Client[] clients = [new(HttpVersion.Version20, Keeps: true), new(HttpVersion.Version11, Keeps: true), new(HttpVersion.Version11, Keeps: false)];
        var load = Task.WhenAll(clients.Select(client => RunAsync(client, uri)));
        await AllAnsweredAgainAsync(clients, program);
        Assert.Equal("CN=first", await ShownAsync(uri));

        Renew(scratch, "second");
        program.Send(UnixSignal.Hup);
        await program.LineAsync("restart done: all workers are of generation 2");

        await Eventually.TrueAsync(() => ShownAsync(uri).GetAwaiter().GetResult() == "CN=second", "the new certificate is shown", program.Describe);
        await AllAnsweredAgainAsync(clients, program);
        _stops = true;
        await load;
        Assert.True(_lost.Count == 0, string.Join('\n', _lost) + program.Describe());
        Assert.Equal(0, (await program.StopAsync()).Code);
        await program.NothingLeftAsync();
    }

    [Fact]
    public async Task A_key_that_only_root_may_read_serves_under_another_user_and_after_hup()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may become somebody else");
        using var scratch = new ScratchDirectory();
        Renew(scratch, "first");
        File.SetUnixFileMode(scratch.File("key.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        // Wherever the originals are, the other user may not get there.
        File.SetUnixFileMode(scratch.Path, LetsAllIn);
        var (programs, application) = (Copy(scratch, Artifacts.Bin, "bin"), Copy(scratch, Artifacts.TestApp("TestApp"), "app"));
        var port = FreePort.Next();
        using var program = ProgramUnderTest.Start(Path.Combine(programs, "starletnet"),
        [
            $"--listen=127.0.0.1:{port}", "--ssl", "--ssl-cert", scratch.File("cert.pem"), "--ssl-key", scratch.File("key.pem"), "--max-workers=1", "--user=nobody",
            Path.Combine(application, "TestApp.dll"),
        ]);
        await program.LineAsync("serving .* with 1 workers");
        var uri = new Uri($"https://127.0.0.1:{port}/");
        Assert.Equal("CN=first", await ShownAsync(uri));

        Renew(scratch, "second");
        program.Send(UnixSignal.Hup);
        await program.LineAsync("cannot read --ssl-key .*: permission denied; the new workers get the certificate as it was read before");
        await program.LineAsync("restart done: all workers are of generation 2");

        Assert.Equal("CN=first", await ShownAsync(uri));
        Assert.Equal(0, (await program.StopAsync()).Code);
        await program.NothingLeftAsync();
    }

    private const UnixFileMode LetsAllIn = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static string Copy(ScratchDirectory scratch, string from, string name)
    {
        var to = Directory.CreateDirectory(scratch.File(name), LetsAllIn).FullName;
        foreach (var file in Directory.EnumerateFiles(from)) scratch.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        return to;
    }

    private sealed record Client(Version Version, bool Keeps)
    {
        internal int Answers;
    }

    private static Task AllAnsweredAgainAsync(Client[] clients, ProgramUnderTest program)
    {
        var before = clients.Select(client => Volatile.Read(ref client.Answers)).ToArray();
        return Eventually.TrueAsync(() => clients.Zip(before).All(pair => Volatile.Read(ref pair.First.Answers) >= pair.Second + 10), "every client is answered", program.Describe);
    }

    private async Task RunAsync(Client client, Uri uri)
    {
        using var handler = Trusting(null);
        if (!client.Keeps) handler.PooledConnectionLifetime = TimeSpan.Zero;
        using var http = new HttpClient(handler) { DefaultRequestVersion = client.Version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        while (!_stops)
        {
            try
            {
                Assert.StartsWith("hello", await http.GetStringAsync(uri));
                Interlocked.Increment(ref client.Answers);
            }
            catch (Exception error) when (error is HttpRequestException or IOException)
            {
                lock (_lost) _lost.Add($"{client}: {error.Message} {error.InnerException?.Message}");
            }
        }
    }

    /// <summary>The certificate that a new connection is shown.</summary>
    private static async Task<string> ShownAsync(Uri uri)
    {
        var shown = "";
        using var handler = Trusting(certificate => shown = certificate.Subject);
        using var http = new HttpClient(handler);
        await http.GetStringAsync(uri);
        return shown;
    }

    private static SocketsHttpHandler Trusting(Action<X509Certificate>? seen) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
#pragma warning disable CA5359 // Whom it trusts is not what is tested here.
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                seen?.Invoke(certificate!);
                return true;
            },
#pragma warning restore CA5359
        },
    };

    private static void Renew(ScratchDirectory scratch, string name)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", pair, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        scratch.Write("cert.pem", certificate.ExportCertificatePem());
        scratch.Write("key.pem", pair.ExportPkcs8PrivateKeyPem());
    }
}
