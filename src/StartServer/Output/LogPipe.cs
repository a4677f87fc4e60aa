using System.Diagnostics;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StartServer.Output;

/// <summary>
/// <c>--log-file '| command'</c>: a child of ours whose stdin is everybody's log. One pipe for our whole life: we hold both ends,
/// so a logger that dies costs no writer a SIGPIPE, and its successor reads on where it stopped.
/// </summary>
/// <remarks>
/// A pipe that nobody reads is full one day, and who writes to it then waits. Generations wait as they would for any slow log. We
/// must not: only we can start the next logger. So our own lines go through a description of our own that never waits, and keep
/// their order in a queue. And while a logger that keeps failing pauses, a full pipe is emptied: it costs the log, not the service.
/// </remarks>
internal sealed class LogPipe : ILog
{
    /// <summary>A logger that lived this long and then died is replaced at once.</summary>
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>How often waiting lines are tried again, and a full pipe looked at. Only while there is reason to.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the logger may take to make room for our last lines; and how long it is waited for where other processes still write to it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How long a logger may take to write down the rest after the end of its input, unless <c>--stop-timeout</c> says so.</summary>
    private static readonly TimeSpan UsualLimit = TimeSpan.FromSeconds(10);

    /// <summary>Between TERM and KILL.</summary>
    private static readonly TimeSpan LastMoment = TimeSpan.FromSeconds(1);

    private readonly EventQueue _queue;
    private readonly LogCommand _command;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly PipeEnds _pipe;
    // A logger's own words go where ours went before: into the log they would come back to it.
    private readonly FileDescriptor _stdout, _stderr;
    private readonly object _restartDue = new(), _linesWait = new(), _pipeFills = new(), _patienceOver = new();
    private ChildProcess? _logger;
    private long _startedAt;
    private int _failures;
    private long _dropped;
    private bool _redirected;

    private LogPipe(
        EventQueue queue, LogCommand command, IReadOnlyDictionary<string, string> environment, PipeEnds pipe, FileDescriptor stdout, FileDescriptor stderr)
    {
        (_queue, _command, _environment) = (queue, command, environment);
        (_pipe, _stdout, _stderr) = (pipe, stdout, stderr);
    }

    private static FileDescriptor Nothing()
    {
        var number = LibC.open("/dev/null", LibC.O_WRONLY | LibC.O_CLOEXEC, 0);
        return number < 0 ? throw SystemCallException.Of("open of /dev/null") : new FileDescriptor(number);
    }

    /// <param name="command">The logger.</param>
    /// <param name="queue">Where its end is reported.</param>
    /// <param name="environment">What it starts with.</param>
    /// <param name="detached">A daemon's logger keeps nothing of the caller's open, who may wait for end of file.</param>
    /// <exception cref="OperatorException">The command cannot be executed.</exception>
    internal static LogPipe Open(LogCommand command, EventQueue queue, IReadOnlyDictionary<string, string> environment, bool detached)
    {
        var log = new LogPipe(
            queue, command, environment, PipeEnds.Open(), detached ? Nothing() : FileDescriptor.Duplicate(1, 3), detached ? Nothing() : FileDescriptor.Duplicate(2, 3));
        try
        {
            log.StartLogger();
            if (log._logger!.WaitForLaunch() is { } failure)
                throw new OperatorException(Messages.LogCommandFailed(command, failure.Errno.Text), ExitCodes.Failure);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>The one that this process had before it became another program by exec.</summary>
    internal static LogPipe Adopt(LogCommand command, EventQueue queue, IReadOnlyDictionary<string, string> environment, KeptLogPipe kept)
    {
        var pipe = PipeEnds.Adopt(new FileDescriptor(kept.Read), new FileDescriptor(kept.Write));
        var log = new LogPipe(queue, command, environment, pipe, new FileDescriptor(kept.Stdout), new FileDescriptor(kept.Stderr))
        {
            _logger = kept.Logger is { } pid ? ChildProcess.Adopt(pid) : null,
            _startedAt = Stopwatch.GetTimestamp() - (long)(kept.Age.TotalSeconds * Stopwatch.Frequency),
            _failures = kept.Failures,
            _dropped = kept.Dropped,
        };
        log.Redirect();
        StandardError.GoOnWith(kept.Waiting);
        if (log._logger is null) log.RestartIn(kept.RestartIn);
        return log;
    }

    internal KeptLogPipe Keep() => new()
    {
        Read = _pipe.Read.Number,
        Write = _pipe.Write.Number,
        Stdout = _stdout.Number,
        Stderr = _stderr.Number,
        Logger = _logger?.Pid,
        Age = Stopwatch.GetElapsedTime(_startedAt),
        Failures = _failures,
        Dropped = _dropped,
        RestartIn = _queue.Timers.FirstOrDefault(timer => timer.Key == _restartDue).Remaining,
        Waiting = StandardError.Kept,
    };

    public void Redirect()
    {
        if (LibC.dup2(_pipe.Write.Number, 1) < 0 || LibC.dup2(_pipe.Write.Number, 2) < 0) throw SystemCallException.Of("dup2");
        _redirected = true;
        StandardError.GoTo(_pipe.OwnWrite.Number, () => _queue.SetTimer(_linesWait, Step));
    }

    public void Reopen() => StandardError.WriteLine(Messages.LogCommandReopens);

    public bool Takes(Event happened)
    {
        switch (happened)
        {
            case ChildExited exited when exited.Pid == _logger?.Pid: LoggerDied(exited.Exit); return true;
            case TimerFired { Key: var key } when key == _restartDue: Restart(); return true;
            case TimerFired { Key: var key } when key == _linesWait: StandardError.WriteWaiting(); return true;
            case TimerFired { Key: var key } when key == _pipeFills: KeepRoom(); return true;
            case TimerFired { Key: var key } when key == _patienceOver: return true;
            default: return false;
        }
    }

    private void StartLogger()
    {
        _startedAt = Stopwatch.GetTimestamp();
        var words = _command.Words;
        _logger = _queue.Start(new ChildSpec
        {
            Program = words[0],
            Arguments = words[1..],
            Environment = _environment,
            Descriptors = [new(_pipe.Read.Number, 0), new(_stdout.Number, 1), new(_stderr.Number, 2)],
            // A terminal's ^C is not meant for it: there will be more to write down.
            Scope = ProcessScope.OwnGroup,
        });
    }

    private void LoggerDied(ChildExit exit)
    {
        var failure = _logger!.TakeLaunchFailure();
        StandardError.WriteLine(Messages.LoggerDied(_logger.Pid, exit));
        if (failure is not null) StandardError.WriteLine(Messages.LogCommandFailed(_command, failure.Errno.Text));
        _logger = null;
        if (Stopwatch.GetElapsedTime(_startedAt) >= Healthy) _failures = 0;
        Pause();
    }

    private void Pause()
    {
        // None before the first restart, then one second, two, four.
        var pause = _failures == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, Math.Min(_failures, 10) - 1)));
        _failures++;
        if (pause > TimeSpan.Zero) StandardError.WriteLine(Messages.LoggerPause(pause));
        RestartIn(pause);
    }

    private void RestartIn(TimeSpan pause)
    {
        _queue.SetTimer(_restartDue, pause);
        _queue.SetTimer(_pipeFills, Step);
    }

    private void Restart()
    {
        if (_logger is not null) return;
        try
        {
            StartLogger();
        }
        catch (SystemCallException error)
        {
            StandardError.WriteLine(Messages.LogCommandFailed(_command, error.Message));
            Pause();
            return;
        }
        _queue.CancelTimer(_pipeFills);
        if (_dropped > 0) StandardError.WriteLine(Messages.LogDropped(_dropped));
        _dropped = 0;
    }

    private void KeepRoom()
    {
        if (_logger is not null) return;
        _dropped += _pipe.MakeRoom();
        _queue.SetTimer(_pipeFills, Step);
    }

    /// <summary>
    /// All generations have ended, and our ends are closed: the logger reads the rest, then end of file. One that does not end by that is ended. A process
    /// that a generation has left behind may still write; then the logger has no end of file yet, and stays.
    /// </summary>
    public void Finish(TimeSpan stopTimeout)
    {
        if (_logger is null && !_pipe.IsEmpty) Restart();
        WaitUntil(() => !StandardError.WriteWaiting(), Patience);
        CloseOurEnds();
        var hasEndOfInput = _pipe.HasNoWriter;
        var limit = !hasEndOfInput ? Patience : stopTimeout > TimeSpan.Zero ? stopTimeout : UsualLimit;
        WaitUntil(() => _logger is null, limit);
        if (hasEndOfInput) EndLogger(limit);
    }

    // Its whole group: a shell, say, and what it has started. The number is the logger's until it has been reaped, which is seen here alone.
    private void EndLogger(TimeSpan limit)
    {
        foreach (var signal in new[] { Signal.Term, Signal.Kill })
        {
            if (_logger is not { Pid: var pid }) return;
            StandardError.WriteLine(Messages.EndingLogger(pid, limit, signal));
            signal.SendTo(-pid);
            WaitUntil(() => _logger is null, LastMoment);
        }
    }

    private void WaitUntil(Func<bool> done, TimeSpan limit)
    {
        _queue.SetTimer(_patienceOver, limit);
        while (!done())
        {
            foreach (var happened in _queue.Take())
            {
                if (happened is ChildExited exited && exited.Pid == _logger?.Pid) _logger = null;
                // Of the rest nobody takes care any more: what stays readable would keep us awake.
                if (happened is Readable readable) _queue.Unwatch(readable.Tag);
                // Who asks once more to stop does not want to wait for a log.
                if (happened is SignalReceived { Signal: var signal } && IsStop(signal)) return;
                if (happened is TimerFired timer && timer.Key == _patienceOver) return;
            }
        }
    }

    private static bool IsStop(Signal signal) => signal == Signal.Term || signal == Signal.ContainerStop || signal == Signal.Int || signal == Signal.Quit;

    private void CloseOurEnds()
    {
        if (_redirected)
        {
            StandardError.GoTo(2, null);
            _redirected = false;
            if (LibC.dup2(_stdout.Number, 1) < 0 || LibC.dup2(_stderr.Number, 2) < 0) throw SystemCallException.Of("dup2");
        }
        _pipe.CloseWriteEnds();
    }

    public void Dispose()
    {
        CloseOurEnds();
        _pipe.Dispose();
        _stdout.Dispose();
        _stderr.Dispose();
    }
}

/// <summary>A log pipe that outlives an exec.</summary>
internal sealed record KeptLogPipe
{
    internal required int Read { get; init; }

    internal required int Write { get; init; }

    /// <summary>Where a logger's own words go.</summary>
    internal required int Stdout { get; init; }

    /// <inheritdoc cref="Stdout"/>
    internal required int Stderr { get; init; }

    /// <summary>Its pid; null while there is none.</summary>
    internal required int? Logger { get; init; }

    /// <summary>Since it was started.</summary>
    internal required TimeSpan Age { get; init; }

    /// <summary>How many in a row have died young.</summary>
    internal required int Failures { get; init; }

    /// <summary>Bytes thrown away while there was none.</summary>
    internal required long Dropped { get; init; }

    /// <summary>When the next one is due, if there is none.</summary>
    internal required TimeSpan RestartIn { get; init; }

    /// <summary>Lines of our own that the pipe had no room for.</summary>
    internal required IReadOnlyList<string> Waiting { get; init; }
}
