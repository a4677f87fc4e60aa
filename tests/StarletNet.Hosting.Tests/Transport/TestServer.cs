using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StarletNet.Hosting.Transport;
using StarletNet.Shared.Contract;

namespace StarletNet.Hosting.Tests.Transport;

/// <summary>A real Kestrel over our transport and one listener of the test's own.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly RawListener _listener;

    private TestServer(WebApplication application, EpollTransport transport, RawListener listener)
    {
        _application = application;
        _listener = listener;
        Transport = transport;
    }

    internal EpollTransport Transport { get; }

    internal RawListener Listener => _listener;

    internal TransportListener TransportListener => Transport.Listeners[0];

    internal static async Task<TestServer> Start(
        Action<WebApplication> routes, EndPoint? endPoint = null, HttpVersions http = HttpVersions.Http1,
        TransportOptions? options = null, Action<KestrelServerOptions>? kestrel = null, bool accept = true, bool tls = false)
    {
        var listener = new RawListener(endPoint ?? new IPEndPoint(IPAddress.Loopback, 0));
        var transport = new EpollTransport(
            [new WorkerListener(listener.Fd, http)], NullLogger.Instance, options ?? new TransportOptions());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IConnectionListenerFactory>(transport);
        builder.WebHost.ConfigureKestrel(o =>
        {
            o.ConfigureEndpointDefaults(e =>
                e.Protocols = http == HttpVersions.Http2 ? HttpProtocols.Http2 : tls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1);
            kestrel?.Invoke(o);
        });
        var application = builder.Build();
        routes(application);
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        addresses.Addresses.Clear();
        addresses.Addresses.Add(transport.Listeners[0].Address);
        addresses.PreferHostingUrls = true;
        await application.StartAsync();
        var server = new TestServer(application, transport, listener);
        if (accept) transport.StartAccepting();
        return server;
    }

    /// <summary>A connected client: .NET's own sockets are safe on the client's side.</summary>
    internal Socket Connect()
    {
        var endPoint = Transport.Listeners[0].EndPoint;
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(endPoint);
        return socket;
    }

    internal Task StopHost() => _application.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        await Transport.DisposeAsync();
        _listener.Dispose();
    }
}
