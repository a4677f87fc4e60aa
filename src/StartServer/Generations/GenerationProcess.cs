using StarletNet.Shared.Interop;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Processes;

namespace StartServer.Generations;

/// <summary>A generation as the supervisor holds it: its process and the socket it may report to.</summary>
internal sealed class GenerationProcess(int number, ChildProcess process, NotifyReceiver notifications) : IDisposable
{
    internal int Number { get; } = number;

    internal ChildProcess Process { get; } = process;

    internal NotifyReceiver Notifications { get; } = notifications;

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

    public void Dispose() => Notifications.Dispose();
}
