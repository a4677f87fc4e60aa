using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.TestKit;

namespace StarletNet.Hosting.Tests.Workers;

public sealed class TlsTests
{
    private static WorkerSetup Setup(TlsFiles? files = null, string kind = "builder") =>
        new(SampleApp.Builders("net10.0"), kind) { Tls = files ?? TestCertificates.Usual };

    private static async Task<SslStream> Connect(WorkerUnderTest worker, X509Certificate2? client = null, params SslApplicationProtocol[] protocols)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(worker.EndPoint);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [.. protocols],
            ClientCertificateContext = client is null ? null : SslStreamCertificateContext.Create(client, [TestCertificates.Intermediate], offline: true),
            // Only the root is known: the server must send what stands between.
            CertificateChainPolicy = Trusting(),
        }, deadline.Token);
        return stream;
    }

    private static X509ChainPolicy Trusting() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { TestCertificates.Root },
        RevocationMode = X509RevocationMode.NoCheck,
    };

    private static async Task<string> Ask(SslStream stream, string request = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    {
        using var deadline = new CancellationTokenSource(Deadlines.Event);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), deadline.Token);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(deadline.Token);
    }

    [Theory]
    [InlineData("net10.0", "builder")]
    [InlineData("net10.0", "slim")]
    [InlineData("net10.0", "legacy")]
    [InlineData("net8.0", "slim")]
    public async Task Every_kind_of_application_serves_with_the_operators_certificate(string framework, string kind)
    {
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.Builders(framework), kind) { Tls = TestCertificates.Usual });
        await using var stream = await Connect(worker);
        Assert.Equal(TestCertificates.Server, stream.RemoteCertificate);

        var answer = await Ask(stream);

        Assert.Contains($"{kind} on ", answer, StringComparison.Ordinal);
        Assert.Contains($"at https://{worker.EndPoint}", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Usual", "h2")]
    [InlineData("Http1", "http/1.1")]
    public async Task The_version_of_http_is_negotiated(string http, string expected)
    {
        await using var worker = await WorkerUnderTest.StartReady(Setup() with { Http = Enum.Parse<HttpVersions>(http) });
        await using var stream = await Connect(worker, null, SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);
        Assert.Equal(expected, stream.NegotiatedApplicationProtocol.ToString());

        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = Trusting();
        using var client = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20 };
        Assert.Contains(expected == "h2" ? "HTTP/2" : "HTTP/1.1", await client.GetStringAsync($"https://{worker.EndPoint}/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_belong_together_is_said_before_anything_is_served()
    {
        var files = TestCertificates.Usual with { Key = TestCertificates.File("other.pem", TestCertificates.Key(TestCertificates.Stranger)) };
        await using var worker = WorkerUnderTest.Start(Setup(files, "slim"));

        Assert.StartsWith(
            "failed cannot use the certificate cert.pem with the key other.pem: the certificate and the key do not belong together",
            await worker.NextMessage(), StringComparison.Ordinal);
        Assert.NotEqual(0, await worker.Exit());
    }

    [Theory]
    [InlineData("Optional", true, true, false)]
    [InlineData("Required", false, true, false)]
    public async Task Clients_show_certificates_of_the_operators_authority(string clients, bool none, bool known, bool stranger)
    {
        var files = TestCertificates.Usual with { Clients = Enum.Parse<ClientCertificates>(clients), Authorities = TestCertificates.File("ca.pem", TestCertificates.Pem(TestCertificates.Root)) };
        await using var worker = await WorkerUnderTest.StartReady(Setup(files));

        Assert.Equal(none, await IsServed(null));
        Assert.Equal(known, await IsServed(TestCertificates.Client));
        Assert.Equal(stranger, await IsServed(TestCertificates.Stranger));

        async Task<bool> IsServed(X509Certificate2? certificate)
        {
            try
            {
                await using var stream = await Connect(worker, certificate);
                return (await Ask(stream)).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
            }
            catch (Exception error) when (error is IOException or AuthenticationException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task Time_limits_hold_behind_tls_too()
    {
        var http = new Dictionary<string, string> { [EnvironmentNames.Http] = "timeout=600&keepalive-timeout=400" };
        await using var worker = await WorkerUnderTest.StartReady(Setup() with { Environment = http });
        // The first handshake is slow: everything is compiled on the way.
        await using (var warm = await Connect(worker)) await Ask(warm);
        using (var silent = worker.Connect()) await silent.Cut();

        await using var stream = await Connect(worker);
        var since = Stopwatch.GetTimestamp();
        Assert.StartsWith("HTTP/1.1 408", await Ask(stream, "GET / HTTP/1.1\r\nHo"), StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalMilliseconds, 400, 2000);

        await using var idle = await Connect(worker);
        Assert.StartsWith("HTTP/1.1 200", await Ask(idle, "GET / HTTP/1.1\r\nHost: test\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_below_a_prefix_sees_nothing_outside_of_it()
    {
        var http = new Dictionary<string, string> { [EnvironmentNames.Http] = "path=%2Fapp" };
        await using var worker = await WorkerUnderTest.StartReady(new WorkerSetup(SampleApp.TestApp) { Environment = http });
        using var client = worker.Connect();
        foreach (var (path, status) in new[] { ("/app/pid", 200), ("/app", 200), ("/pid", 404), ("/application/pid", 404), ("/app/none", 404) })
        {
            await client.Get(path);
            Assert.Equal(status, (await client.Response()).Status);
        }
    }
}
