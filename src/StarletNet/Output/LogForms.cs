using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Json;

namespace StarletNet.Master.Output;

/// <summary>How an event of the master's own log is written. One event is one line, whatever an application wrote into its last words.</summary>
internal static class LogForms
{
    internal const string Text = "text", Json = "json";

    /// <summary>Serilog's own members: <c>Timestamp</c>, <c>Level</c>, <c>MessageTemplate</c>, <c>RenderedMessage</c>, <c>Properties</c> with <c>EventId</c> and <c>ProcessId</c>.</summary>
    internal static ITextFormatter Objects() => new JsonFormatter(renderMessage: true);

    /// <summary><c>2026-11-21T18:05:00.123+00:00 123 warning: worker 0 …</c>: for a file, which has no clock of its own.</summary>
    internal static ITextFormatter DatedLines() => new Dated();

    /// <summary>What stands before the words: nothing for what is merely told.</summary>
    internal static string Prefix(LogEventLevel level) => level switch
    {
        LogEventLevel.Debug => "debug: ",
        LogEventLevel.Warning => "warning: ",
        LogEventLevel.Error or LogEventLevel.Fatal => "error: ",
        _ => "",
    };

    internal static string Words(LogEvent logEvent) => logEvent.RenderMessage().ReplaceLineEndings(" ");

    private sealed class Dated : ITextFormatter
    {
        public void Format(LogEvent logEvent, TextWriter output) =>
            output.Write($"{logEvent.Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} {Environment.ProcessId} {Prefix(logEvent.Level)}{Words(logEvent)}\n");
    }
}
