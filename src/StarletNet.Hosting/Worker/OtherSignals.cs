using System.Runtime.InteropServices;

namespace StarletNet.Hosting.Worker;

/// <summary>
/// What would by itself end a worker (USR2) or stop it (TTIN, TTOU), and is sent to workers when somebody means the master: <c>pkill starletnet</c>
/// finds them all.
/// </summary>
internal static class OtherSignals
{
    // Raw numbers, as .NET takes them too: its own names are not for every system.
    private const PosixSignal Usr2 = (PosixSignal)12, Ttin = (PosixSignal)21, Ttou = (PosixSignal)22;

    // As for the signals that ask for a stop.
    private static PosixSignalRegistration[] _registrations = [];

    /// <param name="reopen">USR2: have the master open the log files anew, for all.</param>
    internal static void Watch(Action reopen) => _registrations =
    [
        On(Usr2, reopen),
        On(Ttin, static () => { }),
        On(Ttou, static () => { }),
    ];

    private static PosixSignalRegistration On(PosixSignal signal, Action act) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        act();
    });
}
