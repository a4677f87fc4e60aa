using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.Supervision;

namespace StartServer.Output;

/// <summary>
/// A pipe from the daemon to the process that was called with <c>--daemonize</c> and waits (<see cref="DaemonReport"/>). Up to the log's
/// redirection the daemon writes to the caller's stderr itself.
/// </summary>
internal sealed class CallersPipe : INewsListener, IDisposable
{
    private readonly FileDescriptor _pipe;
    private EventQueue? _queue;
    private GenerationOutput? _output;

    internal CallersPipe(FileDescriptor pipe)
    {
        // A caller that was stopped (^Z) loses lines; it does not stop us.
        FileDescriptor.SetNonBlocking(pipe.Number, true);
        _pipe = pipe;
    }

    /// <summary>The caller has been told how it ended, or has gone.</summary>
    internal bool IsOver => _pipe.IsClosed;

    /// <summary>
    /// To be called when our stderr is the log, and no longer the caller's. Also watches for the caller's end: nobody knows then that there is a service, and who pressed ^C does not want one: until the
    /// first generation serves, the daemon ends with its caller.
    /// </summary>
    /// <param name="queue">Reports the caller's end as readable, with this as the tag.</param>
    /// <param name="output">Where the last words of a candidate are to be had.</param>
    internal void BeginWith(EventQueue queue, GenerationOutput output)
    {
        _queue = queue;
        _output = output;
        queue.Watch(_pipe, this);
    }

    public void Hear(News news)
    {
        switch (news)
        {
            case CandidateFailed failed:
                SayToCaller(failed.Candidate is { } candidate
                    ? $"generation {candidate.Number} (pid {candidate.Pid}) did not start: {failed.Reason}"
                    : $"no generation could be started: {failed.Reason}");
                if (failed.Candidate is { } gone && _output is not null)
                {
                    foreach (var line in _output.LastLines(gone.Number)) SayToCaller("  " + line);
                }
                break;
            case CandidateAccepted: End(ExitCodes.Success); break;
            default: break;
        }
    }

    /// <summary>A last message that was written to our stderr.</summary>
    internal void Repeat(string message)
    {
        if (_output is not null) SayToCaller(message);
    }

    /// <summary>What the caller is to return. Only the first time counts.</summary>
    internal void End(int exitCode)
    {
        if (IsOver) return;
        Write(DaemonReport.Exit(exitCode));
        Dispose();
    }

    private void SayToCaller(string text)
    {
        if (!IsOver) Write(DaemonReport.Say(text));
    }

    private void Write(string line) => StandardError.Write(_pipe.Number, line);

    public void Dispose()
    {
        _queue?.Unwatch(this);
        _pipe.Dispose();
    }
}
