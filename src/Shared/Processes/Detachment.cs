using System.Collections;
using System.Globalization;
using System.Text;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Interop;

namespace StarletNet.Shared.Processes;

/// <summary>
/// How a program becomes a daemon. A .NET process must not fork, so the one that was called starts the same command line again, twice: a
/// leader of a new session, without terminal, which starts the daemon and ends at once. The daemon is thus nobody's child and, leading no
/// session, can never come by a terminal, whatever it opens. All it has to say to the caller goes through a pipe.
/// </summary>
/// <param name="roleVariable">
/// Tells a process started here which of the two it is and where the pipe is: <c>leader:5</c>, <c>daemon:5</c>. In the environment and not
/// on the command line, which stays what the operator wrote; removed before anything else reads the environment.
/// </param>
internal sealed class Detachment(string roleVariable)
{
    private const string Leader = "leader", Daemon = "daemon";

    /// <summary>Whether <see cref="TakeRole"/> will find that this is the daemon.</summary>
    internal bool IsDaemon => Environment.GetEnvironmentVariable(roleVariable)?.StartsWith(Daemon, StringComparison.Ordinal) ?? false;

    /// <summary>In the process that was called.</summary>
    /// <param name="pipe">The end that the daemon writes to.</param>
    /// <param name="arguments">Of this process.</param>
    internal ChildProcess Begin(FileDescriptor pipe, string[] arguments) => Start(Leader, pipe.Number, arguments, ProcessScope.OwnSession);

    /// <summary>What this process was started as: the leader starts the daemon and never returns.</summary>
    /// <returns>The daemon's way to its caller; null in a process that was not started here.</returns>
    internal FileDescriptor? TakeRole(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(roleVariable) is not { } value) return null;
        // Both copies: .NET's, from which children get theirs, and libc's, which an exec would hand on.
        Environment.SetEnvironmentVariable(roleVariable, null);
        LibC.unsetenv(roleVariable);
        if (value.Split(':') is not [var role, var text]
            || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || FileIdentity.Of(number) is not { IsPipe: true })
            return null;
        FileDescriptor.SetCloseOnExec(number);
        if (role == Daemon) return new FileDescriptor(number);
        Start(Daemon, number, arguments, ProcessScope.Inherited);
        LibC._exit(Errors.ExitCodes.Success);
        return null;
    }

    private ChildProcess Start(string role, int pipe, string[] arguments, ProcessScope scope)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");
        environment[roleVariable] = string.Create(CultureInfo.InvariantCulture, $"{role}:{pipe}");
        return ChildProcess.Start(new ChildSpec
        {
            // By its own name, and not as /proc/self/exe, so that it is called so in a list of processes; and by the one the caller used,
            // links not followed, because that is where start_server's upgrade looks for its successor.
            Program = OwnProgram.Path ?? Environment.ProcessPath!,
            Title = Encoding.UTF8.GetString([.. File.ReadAllBytes("/proc/self/cmdline").TakeWhile(one => one != 0)]),
            Arguments = arguments,
            Environment = environment,
            Descriptors = [new HandedDescriptor(pipe, pipe)],
            // Sockets that systemd left for the process it started are meant for the daemon.
            SetListenPid = environment.GetValueOrDefault(EnvironmentNames.ListenPid) == ((int)LibC.getpid()).ToString(CultureInfo.InvariantCulture),
            Scope = scope,
        });
    }
}
