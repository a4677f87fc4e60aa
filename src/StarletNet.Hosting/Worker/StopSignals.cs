using System.Runtime.InteropServices;
using StarletNet.Shared.Interop;

namespace StarletNet.Hosting.Worker;

/// <summary>TERM, INT, QUIT, HUP and USR1 all ask a worker to drain, as they do in the servers whose names we inherit.</summary>
internal static class StopSignals
{
    // PosixSignalRegistration takes raw numbers for signals it has no name for.
    private const PosixSignal Usr1 = (PosixSignal)10;

    private static readonly (PosixSignal Signal, int Number)[] All =
        [(PosixSignal.SIGTERM, 15), (PosixSignal.SIGINT, 2), (PosixSignal.SIGQUIT, 3), (PosixSignal.SIGHUP, 1), (Usr1, 10)];

    // Registrations that nobody holds are collected, and then the signal kills again.
    private static PosixSignalRegistration[] _registrations = [];

    internal static void Watch(Action ask)
    {
        _registrations = [.. All.Select(s => Register(s.Signal, s.Number, ask))];
    }

    private static PosixSignalRegistration Register(PosixSignal signal, int number, Action ask)
    {
        // .NET respects a disposition of "ignore" inherited at exec (nohup, a shell's background job): handlers would never run.
        _ = LibC.signal(number, LibC.SIG_DFL);
        return PosixSignalRegistration.Create(signal, context =>
        {
            // Cancel keeps the runtime from ending the process, which is also how the legacy web host learns of TERM.
            context.Cancel = true;
            ask();
        });
    }
}
