using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StarletNet.Hosting.Transport;

namespace StarletNet.Hosting.Server;

/// <summary>
/// <c>--keep-app-endpoints</c>: what the application would open itself it opens, through Kestrel's own sockets, and our listeners come
/// beside it. Such an endpoint must be there twice while a worker is replaced, so its socket is one that several processes may bind.
/// </summary>
internal sealed class KeptEndpoints : IPostConfigureOptions<SocketTransportOptions>
{
    // The kernel's numbers; .NET has no name for the second.
    private const int SolSocket = 1, ReusePort = 15;

    /// <summary>Kestrel opens either its end points or its addresses: ours join those that it would have opened without us.</summary>
    internal static void Join(ILogger log, IServerAddressesFeature addresses, IReadOnlyList<TransportListener> listeners, IServiceProvider services)
    {
        var kestrel = services.GetService<IOptions<KestrelServerOptions>>()?.Value;
        string[] endpoints = [.. ReplacedEndpoints.OfKestrel(kestrel)];
        var opensEndpoints = endpoints.Length > 0 && !(addresses.PreferHostingUrls && addresses.Addresses.Count > 0);
        foreach (var endpoint in opensEndpoints ? endpoints : [.. addresses.Addresses]) WorkerLog.EndpointKept(log, endpoint);
        foreach (var listener in listeners)
        {
            if (opensEndpoints) kestrel!.Listen(listener.BindEndPoint);
            else addresses.Addresses.Add(listener.Address);
        }
    }

    public void PostConfigure(string? name, SocketTransportOptions options)
    {
        // An application that makes its sockets itself knows why.
        if (options.CreateBoundListenSocket == SocketTransportOptions.CreateDefaultBoundListenSocket) options.CreateBoundListenSocket = Bind;
    }

    private static Socket Bind(EndPoint endPoint)
    {
        if (endPoint is not IPEndPoint address) return SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // As Kestrel does it by default.
            if (address.Address.Equals(IPAddress.IPv6Any)) socket.DualMode = true;
            socket.SetRawSocketOption(SolSocket, ReusePort, BitConverter.GetBytes(1));
            socket.Bind(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
