using Serilog.Core;
using Serilog.Events;

namespace StarletNet.Master.Output;

/// <summary>
/// Plain lines on stderr: <c>starletnet[123]: worker 0 is ready …</c>. The pid tells the masters of two generations apart,
/// which write to the same place during a deploy. No time: whoever collects the lines has a clock.
/// </summary>
/// <param name="caller">Who waits for a daemon hears, too, what went wrong.</param>
internal sealed class StandardErrorSink(WaitingCaller? caller = null) : ILogEventSink
{
    private readonly string _prefix = $"starletnet[{Environment.ProcessId}]: ";

    public void Emit(LogEvent logEvent)
    {
        var level = logEvent.Level switch
        {
            LogEventLevel.Warning => "warning: ",
            LogEventLevel.Error or LogEventLevel.Fatal => "error: ",
            _ => "",
        };
        // One event is one line, whatever an application wrote into its last words.
        var text = logEvent.RenderMessage().ReplaceLineEndings(" ");
        StandardStreams.WriteError(_prefix + level + text);
        if (logEvent.Level >= LogEventLevel.Warning) caller?.Say(text);
    }
}
