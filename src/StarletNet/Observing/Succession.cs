using StarletNet.Shared.Errors;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;

namespace StarletNet.Master.Observing;

/// <summary>Under start_server: the generation before us lives on for a while, with the same pid file, locked. It becomes ours when we serve.</summary>
/// <param name="pidFile">Its whole path; null: there is none.</param>
internal sealed class Succession(string? pidFile)
{
    private const string CannotWrite = "cannot write the pid file ";

    /// <summary>What can be known beforehand, with the rights that we have now.</summary>
    /// <exception cref="OperatorException">It could never be written.</exception>
    internal void Check()
    {
        if (pidFile is null) return;
        PidFile.RefuseForeign(pidFile, ExitCodes.Failure, CannotWrite);
        Check(pidFile, CannotWrite + pidFile);
    }

    /// <summary>The same for any name that is taken over when we serve.</summary>
    /// <param name="path">Whole.</param>
    /// <param name="cannot">How the message begins.</param>
    /// <exception cref="OperatorException">There could never be such a file.</exception>
    internal static void Check(string path, string cannot)
    {
        var directory = Path.GetDirectoryName(path)!;
        if (LibC.access(directory, LibC.W_OK | LibC.X_OK) == 0) return;
        var error = Errno.Last;
        var advice = error == Errno.EACCES ? $"; it is taken over when we serve, so user {LibC.geteuid()} must be able to write in {directory}" : "";
        throw new OperatorException($"{cannot}: {error}{advice}", ExitCodes.Failure);
    }

    /// <returns>Null: there is to be none.</returns>
    /// <exception cref="OperatorException">It cannot be written.</exception>
    internal PidFile? TakePidFile() => pidFile is null ? null : PidFile.TakeOver(pidFile, Environment.ProcessId, ExitCodes.Failure, CannotWrite);
}
