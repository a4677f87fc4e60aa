using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace StarletNet.Master.Output;

/// <summary>
/// Plain lines on stderr: <c>starletnet[123]: worker 0 is ready …</c>. The pid tells the masters of two generations apart,
/// which write to the same place during a deploy. No time: whoever collects the lines has a clock.
/// </summary>
/// <param name="caller">Who waits for a daemon hears, too, what went wrong.</param>
/// <param name="form">Null: those lines.</param>
internal sealed class StandardErrorSink(WaitingCaller? caller = null, ITextFormatter? form = null) : ILogEventSink
{
    private readonly string _prefix = $"starletnet[{Environment.ProcessId}]: ";

    public void Emit(LogEvent logEvent)
    {
        var words = LogForms.Words(logEvent);
        StandardStreams.WriteError(form is null ? _prefix + LogForms.Prefix(logEvent.Level) + words : Formed(form, logEvent));
        if (logEvent.Level >= LogEventLevel.Warning) caller?.Say(words);
    }

    private static string Formed(ITextFormatter form, LogEvent logEvent)
    {
        var text = new StringWriter();
        form.Format(logEvent, text);
        return text.ToString();
    }
}
