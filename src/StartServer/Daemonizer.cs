using System.Collections;
using System.Globalization;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.Listeners;
using StartServer.Output;

namespace StartServer;

/// <summary>
/// <c>--daemonize</c>. A .NET process must not fork, so the one that was called starts the same command line again, twice: a leader of
/// a new session, without terminal, which starts the daemon and ends at once. The daemon is thus nobody's child and, leading no
/// session, can never come by a terminal, whatever it opens. All it has to say to the caller goes through a pipe
/// (<see cref="CallersPipe"/>): the caller returns when the first generation serves, or when that has failed.
/// </summary>
internal static class Daemonizer
{
    /// <summary>
    /// Tells a process started here which of the two it is and where the pipe is: <c>leader:5</c>, <c>daemon:5</c>. In the environment and not
    /// on the command line, which stays what the operator wrote; removed before anything else reads the environment.
    /// </summary>
    private const string RoleVariable = "START_SERVER_DAEMONIZE";

    private const string Leader = "leader", Daemon = "daemon";

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
                leader = Start(Leader, pipe.Number, arguments, ProcessScope.OwnSession);
            var code = CallersPipe.Listen(read);
            if (code is not null) return code.Value;
            var failure = leader.TakeLaunchFailure();
            throw new OperatorException(failure is null
                ? "start_server ended before its first generation served; see its log"
                : $"failed to exec {Environment.ProcessPath}: {failure.Errno}", ExitCodes.Failure);
        }
    }

    /// <summary>Whether <see cref="TakeRole"/> will find that this is the daemon.</summary>
    internal static bool IsDaemon => Environment.GetEnvironmentVariable(RoleVariable)?.StartsWith(Daemon, StringComparison.Ordinal) ?? false;

    /// <summary>What this process was started as: the leader starts the daemon and never returns.</summary>
    /// <returns>The daemon's way to its caller; null in a process that was not started here.</returns>
    internal static CallersPipe? TakeRole(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(RoleVariable) is not { } value) return null;
        // Both copies: .NET's, from which generations get theirs, and libc's, which an exec would hand on.
        Environment.SetEnvironmentVariable(RoleVariable, null);
        LibC.unsetenv(RoleVariable);
        if (value.Split(':') is not [var role, var text]
            || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || FileIdentity.Of(number) is not { IsPipe: true })
            return null;
        FileDescriptor.SetCloseOnExec(number);
        var pipe = new FileDescriptor(number);
        if (role == Daemon) return new CallersPipe(pipe);
        Start(Daemon, number, arguments, ProcessScope.Inherited);
        LibC._exit(ExitCodes.Success);
        return null;
    }

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

    private static ChildProcess Start(string role, int pipe, string[] arguments, ProcessScope scope)
    {
        var environment = new Dictionary<string, string>();
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables()) environment[(string)variable.Key] = (string?)variable.Value ?? "";
        environment[RoleVariable] = string.Create(CultureInfo.InvariantCulture, $"{role}:{pipe}");
        return ChildProcess.Start(new ChildSpec
        {
            // By its own name, and not as /proc/self/exe, so that it is called start_server in a list of processes; and by the one the
            // caller used, links not followed, because that is where an upgrade looks for its successor.
            Program = OwnProgram.Path ?? Environment.ProcessPath!,
            Title = File.ReadAllText("/proc/self/cmdline").Split('\0')[0],
            Arguments = arguments,
            Environment = environment,
            Descriptors = [new HandedDescriptor(pipe, pipe)],
            // Sockets that systemd left for the process it started are meant for the daemon.
            SetListenPid = environment.GetValueOrDefault(EnvironmentNames.ListenPid) == LibC.getpid().ToString(CultureInfo.InvariantCulture),
            Scope = scope,
        });
    }
}
