using System.Net;
using System.Net.Sockets;
using StarletNet.Master.Output;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;

namespace StarletNet.Master.Listening;

/// <summary>Binds what was asked for when no superdaemon did: all of it, or nothing.</summary>
internal sealed class OwnListeners(IReadOnlyList<ListenSpec> specs, ListenDefaults defaults, MasterLog log)
{
    private readonly List<Listener> _listeners = [];
    private readonly List<ListeningSocket> _own = [];
    private readonly List<IPEndPoint> _bound = [];

    // The last address that was to be bound: for what is said if it cannot be.
    private IPEndPoint? _tried;

    /// <exception cref="OperatorException">One of them cannot be had; those bound before are closed again.</exception>
    internal ListenerSet Bind()
    {
        try
        {
            foreach (var spec in specs.DefaultIfEmpty(ListenSpec.Default)) Bind(spec);
            return new ListenerSet(_listeners, _own);
        }
        catch
        {
            foreach (var socket in _own) socket.Dispose();
            throw;
        }
    }

    private void Bind(ListenSpec spec)
    {
        try
        {
            switch (spec.Address)
            {
                case ListenAddress.Inherited inherited: Adopt(inherited); break;
                case ListenAddress.Unix unix: BindUnix(unix, spec); break;
                case ListenAddress.Tcp { Host: null } any: BindAny(any.Port, spec); break;
                case ListenAddress.Tcp tcp: BindTcp(tcp, spec); break;
            }
        }
        catch (SystemCallException error)
        {
            throw Failure($"cannot listen on {spec.Address}: {error.Errno}{Advice(error.Errno, spec.Address)}");
        }
    }

    private void Adopt(ListenAddress.Inherited inherited)
    {
        var entry = new NamedDescriptor(inherited.ToString(), inherited.Fd);
        if (new AdoptedListeners(specs, defaults, log).Take(entry, "--listen") is { } listener) _listeners.Add(listener);
        else throw Failure($"cannot listen on {inherited}: it is a datagram socket");
    }

    private void BindUnix(ListenAddress.Unix unix, ListenSpec spec)
    {
        try
        {
            var mode = spec.Mode ?? defaults.SocketMode ?? 0x1b6 /* 0666 */ & ~Umask();
            Keep([ListeningSocket.BindUnix(unix.Path, Backlog(spec), mode, defaults.SocketOwner?.Numbers(), takesOver: defaults.ReusePort)], spec, unix.ToString(), isTcp: false);
        }
        catch (SocketPathException error)
        {
            throw Failure($"cannot listen on {unix}: " + error.Conflict switch
            {
                SocketPathConflict.NotASocket => "a file that is no socket is there; remove it or choose another path",
                SocketPathConflict.InUse => $"{error.Holder} answers there; stop it or choose another path",
                _ => "the path is too long",
            });
        }
    }

    // One socket for both families where the kernel has IPv6, else the plain IPv4 one.
    private void BindAny(int port, ListenSpec spec)
    {
        if (defaults.AnyAddress == AnyAddress.OnlyIPv6) Bind(new IPEndPoint(IPAddress.IPv6Any, port), spec);
        else if (defaults.AnyAddress == AnyAddress.OnlyIPv4) Bind(new IPEndPoint(IPAddress.Any, port), spec);
        else BindBoth(port, spec);
    }

    private void BindBoth(int port, ListenSpec spec)
    {
        try
        {
            Bind(new IPEndPoint(IPAddress.IPv6Any, port), spec, dualStack: true);
        }
        catch (SystemCallException error) when (HasNoIpV6(error.Errno))
        {
            Bind(new IPEndPoint(IPAddress.Any, port), spec);
        }
    }

    private void BindTcp(ListenAddress.Tcp tcp, ListenSpec spec)
    {
        if (IPAddress.TryParse(tcp.Host, out var literal))
        {
            Bind(new IPEndPoint(literal, tcp.Port), spec, dualStack: literal.Equals(IPAddress.IPv6Any) && defaults.AnyAddress == AnyAddress.Both);
            return;
        }
        var before = _listeners.Count;
        SystemCallException? missing = null;
        foreach (var address in Resolve(tcp))
        {
            try
            {
                Bind(new IPEndPoint(address, tcp.Port), spec);
            }
            // A name such as localhost has an IPv6 address even on machines without IPv6: what remains is enough.
            catch (SystemCallException error) when (HasNoIpV6(error.Errno))
            {
                missing = error;
            }
        }
        if (_listeners.Count == before && missing is not null) throw missing;
    }

    private IPAddress[] Resolve(ListenAddress.Tcp tcp)
    {
        try
        {
            var addresses = Dns.GetHostAddresses(tcp.Host!).Distinct().Where(IsWanted).ToArray();
            return addresses.Length > 0 ? addresses : throw Failure($"cannot listen on {tcp}: the name '{tcp.Host}' has no address of the family that --ipv6 allows");
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            // ArgumentException: longer than any host name may be.
            var why = error is SocketException ? error.Message : "too long for a host name";
            throw Failure($"cannot listen on {tcp}: the name '{tcp.Host}' cannot be resolved: {why}");
        }
    }

    private bool IsWanted(IPAddress address) => defaults.AnyAddress switch
    {
        AnyAddress.OnlyIPv4 => address.AddressFamily == AddressFamily.InterNetwork,
        AnyAddress.OnlyIPv6 => address.AddressFamily == AddressFamily.InterNetworkV6,
        _ => true,
    };

    private void Bind(IPEndPoint endPoint, ListenSpec spec, bool dualStack = false)
    {
        ListeningSocket[] sockets;
        _tried = endPoint;
        try
        {
            sockets = defaults.Siblings > 1
                ? ListeningSocket.BindTcpSiblings(endPoint, defaults.Siblings, Backlog(spec), dualStack)
                : [ListeningSocket.BindTcp(endPoint, Backlog(spec), dualStack, defaults.ReusePort)];
        }
        catch (SystemCallException error) when (error.Errno == Errno.EADDRINUSE && _bound.Find(bound => Covers(bound, endPoint)) is { } first)
        {
            throw Failure($"cannot listen on {spec.Address}: this very start has bound {first} already ([::] takes IPv4 along, except with --ipv6=only); leave one of the two out");
        }
        _bound.Add(endPoint);
        if (defaults.DeferOf(spec) == true) foreach (var socket in sockets) ListeningSocket.SetDeferAccept(socket.Descriptor.Number, true);
        Keep(sockets, spec, ListeningSocket.BoundEndPoint(sockets[0].Descriptor.Number).ToString(), isTcp: true);
    }

    private bool Covers(IPEndPoint bound, IPEndPoint wanted) =>
        bound.Port == wanted.Port && (bound.AddressFamily == wanted.AddressFamily || defaults.AnyAddress == AnyAddress.Both)
        && (bound.Address.Equals(wanted.Address) || IsAny(bound.Address) || IsAny(wanted.Address));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private void Keep(ListeningSocket[] sockets, ListenSpec spec, string name, bool isTcp)
    {
        _own.AddRange(sockets);
        var numbers = sockets.Select(socket => socket.Descriptor.Number).ToArray();
        _listeners.Add(new Listener(name, numbers[0], defaults.HttpOf(spec), defaults.TlsOn(spec, isTcp)) { Siblings = numbers.Length > 1 ? numbers : [] });
    }

    private int Backlog(ListenSpec spec) => spec.Backlog ?? defaults.Backlog ?? ListeningSocket.MaximumBacklog;

    private static uint Umask()
    {
        // It can only be read by setting it; no other thread creates files yet.
        var umask = LibC.umask(0);
        LibC.umask(umask);
        return (ushort)umask;
    }

    private static bool HasNoIpV6(Errno errno) => errno == Errno.EADDRNOTAVAIL || errno == Errno.EAFNOSUPPORT;

    private string Advice(Errno errno, ListenAddress address)
    {
        if (errno == Errno.EINVAL && address is ListenAddress.Tcp { Host: { } host }) return Advice(host);
        if (address is ListenAddress.Unix unix) return BindAdvice.For(errno, unix.Path);
        return _tried is { } endPoint ? BindAdvice.For(errno, endPoint) : "";
    }

    /// <summary>For an IPv6 address that the kernel refuses.</summary>
    private static string Advice(string host)
    {
        var (address, scope) = host.Split('%') is [var before, var after] ? (IPAddress.Parse(before), after) : (IPAddress.Parse(host), null);
        return address.IsIPv4MappedToIPv6 ? $"; write it as IPv4: {address.MapToIPv4()}"
            : !address.IsIPv6LinkLocal ? ""
            : scope is null ? $"; an address of one link needs its interface: [{host}%eth0]"
            : $"; there is no interface '{scope}'";
    }

    private static OperatorException Failure(string message) => new(message, ExitCodes.Failure);
}
