using Microsoft.Extensions.Logging;

namespace StarletNet.Hosting;

/// <summary>Every line the worker writes into the application's log. Ids are never used again.</summary>
internal static partial class WorkerLog
{
    [LoggerMessage(1, LogLevel.Information, "{Endpoint}, which the application would open itself, is replaced by the worker's listeners")]
    internal static partial void EndpointReplaced(ILogger log, string endpoint);

    [LoggerMessage(2, LogLevel.Information, "A second server in this process keeps its own endpoints; only the first one gets the worker's listeners")]
    internal static partial void SecondServer(ILogger log);

    [LoggerMessage(3, LogLevel.Warning, "{Count} requests are unfinished {Seconds:0.0} s after the drain began and are cut: {Requests}")]
    internal static partial void Unfinished(ILogger log, int count, double seconds, string requests);

    [LoggerMessage(4, LogLevel.Warning, "A request has been running for too long and is cut: {Request}")]
    internal static partial void RequestCut(ILogger log, string request);

    [LoggerMessage(5, LogLevel.Error, "A request goes on {Seconds:0.0} s after it was cut, and this worker asks to be replaced for its sake: {Request}")]
    internal static partial void RequestStuck(ILogger log, string request, double seconds);

    [LoggerMessage(7, LogLevel.Warning, "Not ready yet: {Path} (--ready-path) gives {Failure}")]
    internal static partial void NotReadyYet(ILogger log, string path, string failure);

    [LoggerMessage(6, LogLevel.Error, "Holding the connection {Connection} to its time limits failed, and it is cut")]
    internal static partial void ClockFailed(ILogger log, string connection, Exception exception);

    [LoggerMessage(8, LogLevel.Information, "{Endpoint}, the application's own, stays open beside the worker's listeners")]
    internal static partial void EndpointKept(ILogger log, string endpoint);

    [LoggerMessage(9, LogLevel.Error, "Somebody who wants to know when the connection {Connection} is asked to close failed to be told")]
    internal static partial void CloseCallbackFailed(ILogger log, string connection, Exception exception);

    [LoggerMessage(10, LogLevel.Warning, "Warming up: GET {Path} (--warmup) gives {Failure}")]
    internal static partial void WarmUpFailed(ILogger log, string path, string failure);

    [LoggerMessage(11, LogLevel.Information, "Warmed up with {Requests} requests in {Seconds:0.0} s")]
    internal static partial void WarmedUp(ILogger log, int requests, double seconds);

    [LoggerMessage(20, LogLevel.Warning, "The Data Protection keys could not be loaded while other workers waited; the application will say more")]
    internal static partial void KeysUnavailable(ILogger log, Exception exception);

    [LoggerMessage(21, LogLevel.Warning, "Data Protection keeps its keys in memory alone: cookies and antiforgery tokens of this worker are refused by others and after a restart. Set HOME to a directory that stays, or call PersistKeysToFileSystem")]
    internal static partial void KeysNotShared(ILogger log);
}
