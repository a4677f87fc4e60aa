using System.Globalization;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StartServer.CommandLine;

/// <summary>A command to a start_server that runs already. What else stands on the command line is its own and is passed over.</summary>
/// <param name="Timeout">How long to wait; null for ever.</param>
internal abstract record ClientOptions(TimeSpan? Timeout) : Command
{
    private static readonly string[] ForClientsAlone = [OptionTable.Timeout];

    /// <summary>Null if the command line is a server's.</summary>
    /// <exception cref="OperatorException">Something that the command needs is not there.</exception>
    internal static ClientOptions? Of(ParsedCommandLine line)
    {
        // The order is Server::Starter's.
        if (line.IsOn(OptionTable.Restart))
        {
            return line[OptionTable.PidFile] is { } pidFile && line[OptionTable.StatusFile] is { } statusFile
                ? new RestartByFiles(pidFile, statusFile, TimeoutOf(line, TimeSpan.FromSeconds(600)))
                : throw Usage("--restart option requires --pid-file and --status-file to be set as well");
        }
        if (line.IsOn(OptionTable.Stop))
        {
            return line[OptionTable.PidFile] is { } pidFile
                ? new StopByPidFile(pidFile, TimeoutOf(line, null))
                : throw Usage("--stop option requires --pid-file to be set as well");
        }
        if (ForClientsAlone.FirstOrDefault(option => line[option] is not null) is { } stray)
            throw Usage($"--{stray} belongs to a command to a running start_server: --restart, --stop");
        return null;
    }

    private static TimeSpan? TimeoutOf(ParsedCommandLine line, TimeSpan? preset)
    {
        if (line[OptionTable.Timeout] is not { } text) return preset;
        var seconds = int.Parse(text, CultureInfo.InvariantCulture);
        if (seconds < 0) throw Usage($"invalid ``{OptionTable.Timeout}'' value:{seconds}: it must not be negative");
        return seconds == 0 ? null : TimeSpan.FromSeconds(seconds);
    }

    private static OperatorException Usage(string message) => new(message, ExitCodes.StartServerUsage);
}

/// <summary><c>--restart</c> as Server::Starter has it: HUP, then a look at the status file until the deploy is done.</summary>
internal sealed record RestartByFiles(string PidFile, string StatusFile, TimeSpan? Timeout) : ClientOptions(Timeout);

/// <summary><c>--stop</c>: TERM, then waiting for the lock of the pid file.</summary>
internal sealed record StopByPidFile(string PidFile, TimeSpan? Timeout) : ClientOptions(Timeout);
