using System.Runtime.InteropServices;

namespace StarletNet.Hosting.Worker;

/// <summary>TERM, SIGRTMIN+3, INT, QUIT, HUP and USR1 all ask a worker to drain, as they do in the servers whose names we inherit.</summary>
internal static class StopSignals
{
    // PosixSignalRegistration takes raw numbers for signals it has no name for.
    private const PosixSignal Usr1 = (PosixSignal)10;

    // SIGRTMIN+3: with --max-workers 0 this process may be the first of a container, which systemd and container runtimes stop by it.
    private const PosixSignal ContainerStop = (PosixSignal)37;

    private static readonly PosixSignal[] All =
        [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGHUP, Usr1, ContainerStop];

    // Registrations that nobody holds are collected, and then the signal kills again.
    private static PosixSignalRegistration[] _registrations = [];

    /// <remarks>
    /// .NET never installs a handler for a signal that is ignored at exec (nohup, a shell's background job). The master
    /// therefore starts workers with every disposition at its default; here it is too late: the runtime has installed
    /// handlers of its own for INT and QUIT, and a reset would take them away for good.
    /// </remarks>
    internal static void Watch(Action<PosixSignal> ask) => _registrations = [.. All.Select(signal => PosixSignalRegistration.Create(signal, context =>
    {
        // Cancel keeps the runtime from ending the process, which is also how the legacy web host learns of TERM.
        context.Cancel = true;
        ask(signal);
    }))];
}
