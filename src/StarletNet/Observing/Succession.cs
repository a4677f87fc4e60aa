using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Observing;

/// <summary>Under start_server: the generation before us lives on for a while, with the same pid file, locked. It becomes ours when we serve.</summary>
/// <param name="pidFile">Its whole path; null: there is none.</param>
internal sealed class Succession(string? pidFile)
{
    private const string CannotWrite = "cannot write the pid file ";

    /// <summary>What can be known beforehand.</summary>
    /// <exception cref="OperatorException">It could never be written.</exception>
    internal void Check()
    {
        if (pidFile is not null && LibC.access(Path.GetDirectoryName(pidFile)!, LibC.W_OK | LibC.X_OK) < 0)
            throw new OperatorException($"{CannotWrite}{pidFile}: {Errno.Last}", ExitCodes.Failure);
    }

    /// <returns>Null: there is to be none.</returns>
    /// <exception cref="OperatorException">It cannot be written.</exception>
    internal PidFile? TakePidFile() => pidFile is null ? null : PidFile.TakeOver(pidFile, Environment.ProcessId, ExitCodes.Failure, CannotWrite);
}
