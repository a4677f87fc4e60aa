using Microsoft.Extensions.Logging;

namespace StarletNet.Hosting.Transport;

/// <summary>Every line the transport logs. Ids from 200 on are its own and never reused.</summary>
internal static partial class TransportLog
{
    [LoggerMessage(200, LogLevel.Error, "Cannot accept a connection on {Address}: {Reason}; trying again in a second")]
    internal static partial void AcceptFailed(ILogger logger, string address, string reason);

    [LoggerMessage(201, LogLevel.Error, "Connection {ConnectionId}: a callback of ConnectionClosed or RequestAborted failed")]
    internal static partial void ClosedCallbackFailed(ILogger logger, string connectionId, Exception exception);

    [LoggerMessage(202, LogLevel.Error, "Connection {ConnectionId}: unexpected failure while receiving")]
    internal static partial void ReceiveFailed(ILogger logger, string connectionId, Exception exception);
}
