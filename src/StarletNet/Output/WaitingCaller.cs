using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Output;

/// <summary>
/// The process that was called with <c>--daemonize</c> and waits at the other end of a pipe (<see cref="DaemonReport"/>). Until our stderr
/// is redirected we write to the caller's ourselves.
/// </summary>
internal sealed class WaitingCaller : IDisposable
{
    internal WaitingCaller(FileDescriptor pipe)
    {
        // A caller that was stopped (^Z) loses lines; it does not stop us.
        FileDescriptor.SetNonBlocking(pipe.Number, true);
        Pipe = pipe;
    }

    /// <summary>Readable when the caller has gone.</summary>
    internal FileDescriptor Pipe { get; }

    /// <summary>The caller has been told how it ended, or has gone.</summary>
    internal bool IsOver => Pipe.IsClosed;

    /// <summary>Our stderr is not the caller's any more.</summary>
    internal bool IsApart { get; set; }

    internal void Say(string text)
    {
        if (!IsOver && IsApart) StandardStreams.Write(Pipe.Number, DaemonReport.Say(text));
    }

    /// <summary>What the caller is to return. Only the first time counts.</summary>
    internal void End(int exitCode)
    {
        if (IsOver) return;
        StandardStreams.Write(Pipe.Number, DaemonReport.Exit(exitCode));
        Dispose();
    }

    public void Dispose() => Pipe.Dispose();
}
