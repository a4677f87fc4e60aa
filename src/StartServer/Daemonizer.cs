using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.Listeners;
using StartServer.Output;

namespace StartServer;

/// <summary>
/// <c>--daemonize</c>, by way of a <see cref="Detachment"/>. All the daemon has to say to its caller goes through a pipe
/// (<see cref="CallersPipe"/>): the caller returns when the first generation serves, or when that has failed.
/// </summary>
internal static class Daemonizer
{
    private static readonly Detachment Roles = new("START_SERVER_DAEMONIZE");

    /// <summary>The caller's part.</summary>
    /// <returns>The exit code.</returns>
    internal static int Call(string[] arguments, IReadOnlyList<ListenSpec> ports)
    {
        var (read, write) = FileDescriptor.Pipe();
        using (read)
        {
            ChildProcess leader;
            using (write)
            using (var pipe = AwayFromPromised(write, ports))
                leader = Roles.Begin(pipe, arguments);
            var code = DaemonReport.Listen(read, StandardError.WriteLine);
            if (code is not null) return code.Value;
            var failure = leader.TakeLaunchFailure();
            throw new OperatorException(failure is null
                ? "start_server ended before its first generation served; see its log"
                : $"failed to exec {Environment.ProcessPath}: {failure.Errno}", ExitCodes.Failure);
        }
    }

    /// <inheritdoc cref="Detachment.IsDaemon"/>
    internal static bool IsDaemon => Roles.IsDaemon;

    /// <inheritdoc cref="Detachment.TakeRole"/>
    internal static CallersPipe? TakeRole(string[] arguments) => Roles.TakeRole(arguments) is { } pipe ? new CallersPipe(pipe) : null;

    /// <summary>Instead of whatever the caller had there, unless a listener sits there, which <c>--port …=0</c> asks for.</summary>
    internal static void LeaveStandardInput(IReadOnlyList<ListenSpec> ports)
    {
        if (ports.Any(port => port.Descriptor == 0)) return;
        using var nothing = new FileDescriptor(LibC.open("/dev/null", LibC.O_RDWR | LibC.O_CLOEXEC, 0));
        if (LibC.dup2(nothing.Number, 0) < 0) throw SystemCallException.Of("dup2");
    }

    /// <summary>The pipe goes through two processes under one number, which must not be one that <c>--port …=N</c> wants.</summary>
    private static FileDescriptor AwayFromPromised(FileDescriptor pipe, IReadOnlyList<ListenSpec> ports)
    {
        var copy = FileDescriptor.Duplicate(pipe.Number, 3);
        while (ports.Any(port => port.Descriptor == copy.Number))
        {
            using var promised = copy;
            copy = FileDescriptor.Duplicate(pipe.Number, promised.Number + 1);
        }
        return copy;
    }
}
