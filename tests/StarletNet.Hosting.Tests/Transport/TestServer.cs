using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StarletNet.Hosting.Transport;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>A real Kestrel over our transport and one listener of the test's own.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private TestServer(WebApplication application, EpollTransport transport, RawListener listener, CapturedLog log)
    {
        _application = application;
        Listener = listener;
        Transport = transport;
        Log = log;
    }

    internal EpollTransport Transport { get; }

    internal RawListener Listener { get; }

    internal CapturedLog Log { get; }

    internal EndPoint EndPoint => Transport.Listeners[0].EndPoint;

    internal ICollection<string> Addresses =>
        _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    internal static async Task<TestServer> Start(
        Action<WebApplication> routes, EndPoint? endPoint = null, HttpVersions http = HttpVersions.Usual,
        TransportOptions? options = null, bool accept = true, bool tls = false, bool asWorker = false)
    {
        var listener = new RawListener(endPoint ?? new IPEndPoint(IPAddress.Loopback, 0));
        var log = new CapturedLog();
        options ??= new TransportOptions();
        if (Environment.GetEnvironmentVariable("STARLETNET_TEST_LOOP") == "pool") options = options with { Loop = LoopMode.Pool };
        var transport = new EpollTransport([new WorkerListener(listener.Fd, http)], log, options);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (asWorker) WorkerParts.AddTo(builder.Services, transport, log);
        else builder.Services.AddSingleton<IConnectionListenerFactory>(transport);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AllowSynchronousIO = true;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.ConfigureHttpsDefaults(https => https.ServerCertificate = Certificate.Value);
            kestrel.ConfigureEndpointDefaults(e =>
                e.Protocols = tls ? HttpProtocols.Http1AndHttp2 : http == HttpVersions.Http2 ? HttpProtocols.Http2 : HttpProtocols.Http1);
        });
        var application = builder.Build();
        routes(application);
        var server = new TestServer(application, transport, listener, log);
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        addresses.Addresses.Clear();
        addresses.Addresses.Add(tls ? transport.Listeners[0].Address.Replace("http:", "https:") : transport.Listeners[0].Address);
        addresses.PreferHostingUrls = true;
        await application.StartAsync();
        if (accept) transport.StartAccepting();
        return server;
    }

    internal RawClient Connect() => new(EndPoint);

    internal static bool IsItsCertificate(X509Certificate? certificate) => Certificate.Value.Equals(certificate);

    internal Task StopHost() => _application.StopAsync();

    public async ValueTask DisposeAsync()
    {
        // Aborted first: what a test leaves open on purpose must not hold Kestrel's stop.
        foreach (var connection in Transport.Connections) connection.Abort();
        await _application.StopAsync();
        await _application.DisposeAsync();
        await Transport.DisposeAsync();
        Listener.Dispose();
    }

    private static readonly Lazy<X509Certificate2> Certificate = new(() =>
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    });
}
