using System.Globalization;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;

namespace StartServer.CommandLine;

/// <summary>A command to a start_server that runs already. What else stands on the command line is that one's own and is passed over.</summary>
/// <param name="Timeout">How long to wait; null for ever.</param>
internal abstract record ClientOptions(TimeSpan? Timeout) : Command
{
    private static readonly string[] ForClientsAlone = [OptionTable.Timeout, OptionTable.Attempts, OptionTable.Json];

    /// <summary>Null if the command line is a server's.</summary>
    /// <exception cref="OperatorException">Something that the command needs is not there.</exception>
    internal static ClientOptions? Of(ParsedCommandLine line)
    {
        // The order is Server::Starter's.
        if (line.IsOn(OptionTable.Restart)) return Restart(line);
        if (line.IsOn(OptionTable.Stop)) return Stop(line);
        if (line.IsOn(OptionTable.Abort)) return Abort(line);
        if (line.IsOn(OptionTable.List)) return List(line);
        if (line.IsOn(OptionTable.Upgrade)) return Upgrade(line);
        if (line.IsOn(OptionTable.Reconfigure)) return Reconfigure(line);
        if (ForClientsAlone.FirstOrDefault(option => line[option] is not null) is { } stray)
            throw Usage($"--{stray} belongs to a command to a running start_server: --restart, --abort, --stop, --list, --upgrade, --reconfigure");
        return null;
    }

    private static ClientOptions Restart(ParsedCommandLine line)
    {
        var timeout = TimeoutOf(line, TimeSpan.FromSeconds(600));
        if (line[OptionTable.Control] is { } control)
            return new RestartByControl(control, NumberOf(line, OptionTable.Attempts) ?? 1, timeout, line.IsOn(OptionTable.Json));
        Refuse(line, OptionTable.Attempts, OptionTable.Json);
        return line[OptionTable.PidFile] is { } pidFile && line[OptionTable.StatusFile] is { } statusFile
            ? new RestartByFiles(pidFile, statusFile, timeout)
            : throw Usage("--restart option requires --pid-file and --status-file to be set as well");
    }

    private static ClientOptions Stop(ParsedCommandLine line)
    {
        var timeout = TimeoutOf(line, null);
        Refuse(line, OptionTable.Attempts);
        if (line[OptionTable.Control] is { } control) return new StopByControl(control, timeout, line.IsOn(OptionTable.Json));
        Refuse(line, OptionTable.Json);
        return line[OptionTable.PidFile] is { } pidFile
            ? new StopByPidFile(pidFile, timeout)
            : throw Usage("--stop option requires --pid-file to be set as well");
    }

    private static AbortByControl Abort(ParsedCommandLine line)
    {
        Refuse(line, OptionTable.Attempts);
        return line[OptionTable.Control] is { } control
            ? new AbortByControl(control, TimeoutOf(line, TimeSpan.FromSeconds(10)), line.IsOn(OptionTable.Json))
            : throw Usage("--abort option requires --control to be set as well");
    }

    private static ListByControl List(ParsedCommandLine line)
    {
        Refuse(line, OptionTable.Attempts);
        return line[OptionTable.Control] is { } control
            ? new ListByControl(control, TimeoutOf(line, TimeSpan.FromSeconds(10)), line.IsOn(OptionTable.Json))
            : throw Usage("--list option requires --control to be set as well");
    }

    private static UpgradeByControl Upgrade(ParsedCommandLine line)
    {
        Refuse(line, OptionTable.Attempts);
        return line[OptionTable.Control] is { } control
            ? new UpgradeByControl(control, TimeoutOf(line, TimeSpan.FromSeconds(600)), line.IsOn(OptionTable.Json))
            : throw Usage("--upgrade option requires --control to be set as well");
    }

    private static ReconfigureByControl Reconfigure(ParsedCommandLine line)
    {
        string[] own = [OptionTable.Reconfigure, .. ForClientsAlone];
        var options = line.Given.Where(given => !own.Contains(given.Option.Name))
            .Select(given => given.Option.HasValue ? $"--{given.Option.Name}={given.Value}" : $"--{given.Option.Name}");
        return line[OptionTable.Control] is { } control
            ? new ReconfigureByControl(
                control, [.. options, "--", .. line.Rest], NumberOf(line, OptionTable.Attempts) ?? 1, TimeoutOf(line, TimeSpan.FromSeconds(600)), line.IsOn(OptionTable.Json))
            : throw Usage("--reconfigure option requires --control to be set as well");
    }

    private static void Refuse(ParsedCommandLine line, params ReadOnlySpan<string> options)
    {
        foreach (var option in options)
        {
            if (line[option] is not null)
                throw Usage(option == OptionTable.Attempts ? "--attempts belongs to --restart with --control, and to --reconfigure" : $"--{option} needs --control");
        }
    }

    private static TimeSpan? TimeoutOf(ParsedCommandLine line, TimeSpan? preset) => NumberOf(line, OptionTable.Timeout) switch
    {
        null => preset,
        0 => null,
        { } seconds => TimeSpan.FromSeconds(seconds),
    };

    private static int? NumberOf(ParsedCommandLine line, string option)
    {
        if (line[option] is not { } text) return null;
        var number = int.Parse(text, CultureInfo.InvariantCulture);
        return number >= 0 ? number : throw Usage($"invalid ``{option}'' value:{number}: it must not be negative");
    }

    private static OperatorException Usage(string message) => new(message, ExitCodes.StartServerUsage);
}

/// <summary><c>--restart</c> as Server::Starter has it: HUP, then a look at the status file until the deploy is done.</summary>
internal sealed record RestartByFiles(string PidFile, string StatusFile, TimeSpan? Timeout) : ClientOptions(Timeout);

/// <summary><c>--stop</c> as Server::Starter has it: TERM, then waiting for the lock of the pid file.</summary>
internal sealed record StopByPidFile(string PidFile, TimeSpan? Timeout) : ClientOptions(Timeout);

/// <summary>A command over the control socket.</summary>
/// <param name="Json">Write what the server says as it stands.</param>
internal abstract record ControlOptions(string Control, TimeSpan? Timeout, bool Json) : ClientOptions(Timeout);

/// <summary><c>--restart --control</c>.</summary>
/// <param name="Attempts">How many candidates may fail; 0 for any number.</param>
internal sealed record RestartByControl(string Control, int Attempts, TimeSpan? Timeout, bool Json) : ControlOptions(Control, Timeout, Json);

/// <summary><c>--stop --control</c>.</summary>
internal sealed record StopByControl(string Control, TimeSpan? Timeout, bool Json) : ControlOptions(Control, Timeout, Json);

/// <summary><c>--abort --control</c>.</summary>
internal sealed record AbortByControl(string Control, TimeSpan? Timeout, bool Json) : ControlOptions(Control, Timeout, Json);

/// <summary><c>--list --control</c>.</summary>
internal sealed record ListByControl(string Control, TimeSpan? Timeout, bool Json) : ControlOptions(Control, Timeout, Json);

/// <summary><c>--upgrade --control</c>.</summary>
internal sealed record UpgradeByControl(string Control, TimeSpan? Timeout, bool Json) : ControlOptions(Control, Timeout, Json);

/// <summary><c>--reconfigure --control</c>.</summary>
/// <param name="Words">The command line for the server: this one, without what is said to us alone.</param>
/// <param name="Attempts">How many candidates may fail; 0 for any number.</param>
internal sealed record ReconfigureByControl(string Control, IReadOnlyList<string> Words, int Attempts, TimeSpan? Timeout, bool Json)
    : ControlOptions(Control, Timeout, Json);
