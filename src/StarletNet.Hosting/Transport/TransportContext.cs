using Microsoft.Extensions.Logging;

namespace StarletNet.Hosting.Transport;

/// <summary>What the listeners and connections of one transport share.</summary>
internal sealed record TransportContext(
    EpollLoop Loop, ConnectionSet Connections, BlockPool Pool, TransportOptions Options, ILogger Logger);
