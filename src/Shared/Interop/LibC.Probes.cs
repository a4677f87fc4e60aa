namespace StarletNet.Shared.Interop;

internal static partial class LibC
{
    // ---- what connecting without blocking needs ------------------------------------------------------------------

    internal const short POLLOUT = 4;
    internal const int SO_ERROR = 4, SO_PROTOCOL = 38;
    internal static readonly Errno EINPROGRESS = new(115);

    /// <summary><c>struct tcp_info</c> of a listening socket has the length of its accept queue here (<c>tcpi_unacked</c>).</summary>
    internal const int TcpInfoQueueOffset = 24, TcpInfoPrefix = 32;
}
