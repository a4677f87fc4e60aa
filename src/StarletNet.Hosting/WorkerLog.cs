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
}
