using StarletNet.Shared.Contract;

namespace StarletNet.Master.Listening;

/// <summary>Which address families "any address" means.</summary>
internal enum AnyAddress
{
    /// <summary>One socket for IPv6 and IPv4, where the kernel has IPv6; else IPv4.</summary>
    Both,

    /// <summary>0.0.0.0.</summary>
    OnlyIPv4,

    /// <summary>::, without IPv4 clients.</summary>
    OnlyIPv6,
}

/// <summary>What holds for listeners that do not say otherwise themselves.</summary>
internal sealed record ListenDefaults
{
    /// <summary>Null: as long as the kernel allows.</summary>
    internal int? Backlog { get; init; }

    internal HttpVersions Http { get; init; }

    /// <summary>On TCP; a Unix socket has TLS only if it asks for it.</summary>
    internal bool Tls { get; init; }

    /// <summary>TCP_DEFER_ACCEPT: a connection is not accepted before its first byte has come. Null: nobody has asked for either.</summary>
    internal bool? DeferAccept { get; init; }

    internal AnyAddress AnyAddress { get; init; }

    /// <summary>Of Unix sockets; null: 0666 less the umask.</summary>
    internal uint? SocketMode { get; init; }

    /// <summary>Of Unix sockets; null: who we are.</summary>
    internal SocketOwner? SocketOwner { get; init; }

    /// <summary>SO_REUSEPORT: two masters of one user may have the address at once. Never for the application's listeners.</summary>
    internal bool ReusePort { get; init; }

    /// <summary>TCP sockets of each address that is bound here; above 1, one for each worker and not one for all.</summary>
    internal int Siblings { get; init; } = 1;

    internal HttpVersions HttpOf(ListenSpec? spec) => spec?.Http ?? Http;

    internal bool TlsOn(ListenSpec? spec, bool isTcp) => spec?.Tls ?? (Tls && isTcp);

    internal bool? DeferOf(ListenSpec? spec) => spec?.DeferAccept ?? DeferAccept;
}
