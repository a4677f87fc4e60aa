using System.Diagnostics;
using System.Text.Json;
using StarletNet.Master.Observing;
using StarletNet.Master.Output;
using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Output;

namespace StarletNet.Master.Status;

/// <summary><c>starletnet status</c>: shows what a running master says of itself.</summary>
internal static class StatusCommand
{
    internal const string Name = "status";

    /// <summary>To the top of the screen; then, line by line, over what was there; and what is left of it away.</summary>
    private const string Home = "\u001b[H", EndOfLine = "\u001b[K", Below = "\u001b[J", Everything = "\u001b[2J";

    /// <returns>The exit code.</returns>
    internal static int Run(string[] arguments)
    {
        try
        {
            var given = new CommandLineParser(StatusOptions.Table, Dialect.Plack).Parse(arguments);
            // Options may stand behind the pid as well as before it.
            if (given.Rest is [var word, _, ..] && int.TryParse(word, out _))
            {
                var rest = new CommandLineParser(StatusOptions.Table, Dialect.Plack).Parse([.. given.Rest.Skip(1)]);
                given = new ParsedCommandLine([.. given.Given, .. rest.Given], [word, .. rest.Rest]);
            }
            if (given.IsOn(StatusOptions.Help))
            {
                StandardOutput.Write(Usage());
                return ExitCodes.Success;
            }
            return Show(StatusOptions.Read(given, Environment.GetEnvironmentVariable));
        }
        catch (OperatorException error)
        {
            StandardStreams.WriteError($"starletnet: {error.Message}");
            return error.ExitCode;
        }
    }

    private static int Show(StatusOptions options)
    {
        var pid = options.Socket is null ? options.Pid ?? RunningMasters.Only() : options.Pid;
        var name = options.Socket ?? StatusSocket.NameOf(pid!.Value);
        var isLive = options.Watch is not null && !options.Json && LibC.isatty(1) == 1;
        if (isLive) StandardOutput.Write(Everything);
        for (Look? before = null; ;)
        {
            var line = StatusLink.Ask(name, pid);
            using var status = Parse(line, name);
            if (status.RootElement.TryGetProperty("error", out var error)) throw new OperatorException($"starletnet refuses: {error.GetString()}", ExitCodes.Failure);
            var now = new Look(status.RootElement.Clone(), Stopwatch.GetTimestamp());
            Print(options.Json ? line + "\n" : StatusTable.Of(now, before), isLive, isFirst: before is null);
            if (options.Watch is not { } interval) return ExitCodes.Success;
            before = now;
            // The one thing this command does between two looks.
            Thread.Sleep(interval);
        }
    }

    private static void Print(string text, bool isLive, bool isFirst) => StandardOutput.Write(
        isLive ? Home + text.Replace("\n", EndOfLine + "\n", StringComparison.Ordinal) + Below
        : isFirst || text[0] == '{' ? text
        : "\n" + text);

    private static JsonDocument Parse(string line, string name)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException)
        {
            throw new OperatorException($"{name} is not the status socket of a starletnet", ExitCodes.Failure);
        }
    }

    private static string Usage() =>
        "usage: starletnet status [PID] [options]\n\n"
        + "Shows what a running starletnet and its workers do: the one whose pid is given, or the only one there is.\n\n"
        + HelpText.Of(StatusOptions.Table)
        + "\nStates of workers: S starting, _ idle, B busy, D draining, K stuck.\n"
        + "Exit codes: 0 shown; 1 refused, or no starletnet's socket; 2 bad command line, or several are there; 3 none is there;\n"
        + "11 it does not answer.\n";
}

/// <summary>An answer, and when it came.</summary>
internal sealed record Look(JsonElement Status, long At);
