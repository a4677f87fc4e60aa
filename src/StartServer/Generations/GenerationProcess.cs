using System.Diagnostics;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Processes;

namespace StartServer.Generations;

/// <summary>A generation as the supervisor holds it: its process and the socket it may report to.</summary>
internal sealed class GenerationProcess(int number, ChildProcess process, NotifyReceiver notifications, TimeSpan age = default) : IDisposable
{
    // Opened while the child cannot have been reaped, so it is the child's and nobody else's for ever: a signal sent through it never
    // hits a stranger who was given the same pid, not even when the end of the child stands, reaped, in the batch of events at hand.
    private readonly FileDescriptor? _pidfd = LibC.pidfd_open(process.Pid) is var number and >= 0 ? new FileDescriptor(number) : null;
    private readonly long _startedAt = Stopwatch.GetTimestamp() - (long)(age.TotalSeconds * Stopwatch.Frequency);
    private bool _launched;

    internal int Number { get; } = number;

    internal ChildProcess Process { get; } = process;

    internal NotifyReceiver Notifications { get; } = notifications;

    /// <summary>What it runs.</summary>
    internal required ServedRelease Release { get; set; }

    /// <summary>Its own last reason for not being ready; null if it has none.</summary>
    internal string? Reason { get; set; }

    /// <summary>It has said that another attempt would fail in the same way.</summary>
    internal bool IsHopeless { get; private set; }

    /// <summary>It runs the very same files as the generation that it has replaced.</summary>
    internal bool IsUnchanged { get; set; }

    internal TimeSpan Age => Stopwatch.GetElapsedTime(_startedAt);

    /// <summary>Without effect if it has ended.</summary>
    internal void Signal(Signal signal)
    {
        if (_pidfd is not null) LibC.pidfd_send_signal(_pidfd.Number, signal.Number);
        // A kernel before 5.3, or out of descriptors: by pid, which was ours when we last looked.
        else Process.Signal(signal);
    }

    /// <summary>The same, and the generation can read why it is sent.</summary>
    internal void Signal(Signal signal, SignalMeaning meaning)
    {
        if (_pidfd is not null) signal.SendByPidfd(_pidfd.Number, (int)meaning);
        else signal.SendTo(Process.Pid, (int)meaning);
    }

    /// <summary>Why its program never ran; known once <see cref="EndLaunch"/> was called.</summary>
    internal LaunchFailure? LaunchFailure { get; private set; }

    /// <summary>Takes the launcher's report, which is there when the program has been executed, or when that failed.</summary>
    internal void EndLaunch()
    {
        if (_launched) return;
        _launched = true;
        LaunchFailure = Process.TakeLaunchFailure();
    }

    /// <summary>Takes what a believable message says of it.</summary>
    internal void Hear(NotifyMessage message)
    {
        Release = Release.With(message);
        if (message[NotifyNames.Reason] is { } reason) Reason = reason.Length == 0 ? null : ReportedText.Of(reason);
        IsHopeless |= message[NotifyNames.Retry] == "0";
    }

    /// <summary>
    /// Anyone on the machine may write to an abstract socket and read its name in /proc/net/unix. Believed are: the generation
    /// itself, also when it has changed its user; our own user and root, who could signal it anyway; and members of our process
    /// group, which nobody can enter from outside: children of a generation that has dropped its privileges.
    /// </summary>
    internal bool Believes(NotifyMessage message) =>
        message.Pid == Process.Pid
        || message.Uid == 0
        || message.Uid == LibC.geteuid()
        || (message.Pid > 0 && LibC.getpgid(message.Pid) == LibC.getpgid(0));

    public void Dispose()
    {
        EndLaunch();
        Notifications.Dispose();
        _pidfd?.Dispose();
    }
}
