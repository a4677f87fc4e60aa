using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting;

/// <summary>
/// The application's own log, for what the worker says in it. Warnings and errors that this log does not take, be it filtered or without any
/// provider, go to stderr in one line instead: which requests were cut is the operator's to know, whatever the application writes down.
/// </summary>
internal sealed class WorkerLogger(ILogger application) : ILogger
{
    private const string Category = "StarletNet.Worker";

    internal static WorkerLogger Of(IServiceProvider services) =>
        new((services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger(Category));

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => application.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logLevel is LogLevel.Warning or LogLevel.Error or LogLevel.Critical || application.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (application.IsEnabled(logLevel)) application.Log(logLevel, eventId, state, exception, formatter);
        else if (IsEnabled(logLevel)) WriteLine(formatter(state, exception), exception);
    }

    private static void WriteLine(string text, Exception? exception)
    {
        var why = exception is null ? "" : $": {exception.GetType().Name}: {exception.Message}";
        // One line, whatever a client has put into its path.
        var line = PrintableText.Of($"starletnet worker {Environment.ProcessId}: {text}{why}");
        FileDescriptor.WriteAll(2, Encoding.UTF8.GetBytes(line + "\n"));
    }
}
