using Serilog;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Formatting;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Output;

/// <summary>
/// The files of <c>--master-log</c>: the master's own events, a new file each day and whenever one is full. They are opened when the master has
/// given up its rights, because it must be able to open the next one; what happened before is kept in mind until then.
/// </summary>
/// <param name="path">Of the files; their date, and a number where it takes more than one a day, come before the extension.</param>
/// <param name="form">Of an event.</param>
/// <param name="keep">How many files stay; 0: all.</param>
internal sealed class RollingLog(string path, ITextFormatter form, int keep) : ILogEventSink, IDisposable
{
    /// <summary>When a file is full, in bytes.</summary>
    internal long Full { get; init; } = 64 << 20;

    private readonly string _path = Path.GetFullPath(path);
    private readonly List<LogEvent> _before = [];
    private Logger? _files;

    /// <exception cref="OperatorException">They could not be written.</exception>
    internal void Open()
    {
        if (Directory.Exists(_path)) throw new OperatorException($"cannot write the master's log {path}: it is a directory; give the name of a file in it", ExitCodes.Failure);
        var directory = Path.GetDirectoryName(_path)!;
        if (LibC.access(directory, LibC.W_OK | LibC.X_OK) < 0)
            throw new OperatorException($"cannot write the master's log {path}: {directory}: {Errno.Last}", ExitCodes.Failure);
        // A disk that is full later on is told on stderr, by the library's own words.
        SelfLog.Enable(words => StandardStreams.WriteError($"starletnet[{Environment.ProcessId}]: warning: the master's log: {words.ReplaceLineEndings(" ")}"));
        _files = new LoggerConfiguration()
            .WriteTo.File(form, _path, rollingInterval: RollingInterval.Day, rollOnFileSizeLimit: true, fileSizeLimitBytes: Full, retainedFileCountLimit: keep == 0 ? null : keep)
            .CreateLogger();
        foreach (var logEvent in _before) _files.Write(logEvent);
        _before.Clear();
    }

    public void Emit(LogEvent logEvent)
    {
        if (_files is { } files) files.Write(logEvent);
        else _before.Add(logEvent);
    }

    public void Dispose() => _files?.Dispose();
}
