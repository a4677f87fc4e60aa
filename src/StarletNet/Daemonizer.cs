using StarletNet.Master.Output;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Master;

/// <summary>
/// <c>--daemonize</c>, by way of a <see cref="Detachment"/>. The caller returns when the application serves, or says why it does not: whoever
/// reads its exit code knows the truth. If it is interrupted before, the daemon goes with it.
/// </summary>
internal static class Daemonizer
{
    private static readonly Detachment Roles = new("STARLETNET_DAEMONIZE");

    /// <summary>The caller's part; options have been checked.</summary>
    /// <returns>The exit code.</returns>
    internal static int Call(string[] arguments)
    {
        var (read, write) = FileDescriptor.Pipe();
        using (read)
        {
            ChildProcess leader;
            using (write) leader = Roles.Begin(write, arguments);
            // From here on ^C ends the wait.
            SignalMask.UnblockInThisThread(Master.Signals);
            if (DaemonReport.Listen(read, line => StandardStreams.WriteError($"starletnet: {line}")) is { } code) return code;
            var failure = leader.TakeLaunchFailure();
            throw new OperatorException(failure is null
                ? "the daemon ended before it served; its error log may say why"
                : $"cannot execute {Environment.ProcessPath}: {failure.Errno}", ExitCodes.Failure);
        }
    }

    /// <inheritdoc cref="Detachment.TakeRole"/>
    internal static WaitingCaller? TakeRole(string[] arguments) => Roles.TakeRole(arguments) is { } pipe ? new WaitingCaller(pipe) : null;

    /// <summary>Instead of whatever the caller had there.</summary>
    internal static void LeaveStandardInput()
    {
        using var nothing = new FileDescriptor(LibC.open("/dev/null", LibC.O_RDWR | LibC.O_CLOEXEC, 0));
        if (LibC.dup2(nothing.Number, 0) < 0) throw SystemCallException.Of("dup2");
    }
}
