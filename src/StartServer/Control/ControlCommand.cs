using System.Text.Json;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Output;
using StartServer.CommandLine;
using StartServer.Output;

namespace StartServer.Control;

/// <summary>
/// <c>--restart</c>, <c>--abort</c>, <c>--stop</c>, <c>--list</c>, <c>--upgrade</c> and <c>--reconfigure</c> over the control socket. Where they end early (a time-out, ^C), what was begun goes on:
/// the server does not depend on anybody who watches it.
/// </summary>
internal static class ControlCommand
{
    /// <returns>The exit code.</returns>
    /// <exception cref="OperatorException">It was not done; the exit code says in what way.</exception>
    internal static int Run(ControlOptions options)
    {
        using var link = ControlLink.Open(options.Control, RequestOf(options));
        using var progress = options.Json ? null : Progress.ToStandardOutput();
        return Follow(link, options, progress);
    }

    /// <param name="link">On which the request has been sent.</param>
    /// <param name="progress">Null for silence.</param>
    /// <inheritdoc cref="Run"/>
    internal static int Follow(ControlLink link, ControlOptions options, Progress? progress)
    {
        var deadline = new Deadline(options.Timeout);
        OperatorException? failure = null;
        try
        {
            while (link.ReadLine(deadline, progress is { IsLive: true } ? progress.Tick : null) is { } line)
            {
                using var parsed = JsonDocument.Parse(line);
                var happened = parsed.RootElement;
                if (options.Json) Print(options, line + "\n");
                if (options is ReconfigureByControl && Failure(happened) is { } failed)
                {
                    ShowNote(options, happened, progress);
                    // Not the end: the former command line comes back.
                    failure = failed;
                    continue;
                }
                if (End(options, happened, progress, failure) is { } exitCode) return exitCode;
                progress?.Show(happened);
            }
        }
        catch (TimeoutException)
        {
            throw new OperatorException($"not done within {deadline}; what was begun goes on", ExitCodes.TimedOut);
        }
        catch (JsonException)
        {
            throw new OperatorException($"{options.Control} is not the control socket of a start_server", ExitCodes.Failure);
        }
        throw failure ?? new OperatorException("start_server ended, or closed the connection, before it was done", ExitCodes.NoServer);
    }

    // Where something is done, the exit code tells what came of it, also when nobody takes the words.
    private static void Print(ControlOptions options, string text)
    {
        if (options is ListByControl) StandardOutput.Write(text);
        else StandardError.Write(1, text);
    }

    private static ControlRequest RequestOf(ControlOptions options) => options switch
    {
        RestartByControl restart => new RestartRequest(restart.Attempts),
        StopByControl => new StopRequest(),
        AbortByControl => new AbortRequest(),
        UpgradeByControl => new UpgradeRequest(),
        ReconfigureByControl other => new ReconfigureRequest(other.Words, other.Attempts),
        _ => new ListRequest(),
    };

    private static OperatorException? Failure(JsonElement happened) =>
        happened.Name() == "deploy-ended" && Names.ExitCode(happened.Text("outcome")) is var code and not (ExitCodes.Success or ExitCodes.Busy)
            ? new OperatorException($"not deployed: {happened.Text("reason")}", code)
            : null;

    /// <summary>What to return if this was what the command has waited for.</summary>
    private static int? End(ControlOptions options, JsonElement happened, Progress? progress, OperatorException? failure)
    {
        switch (happened.Name())
        {
            case "error":
                throw new OperatorException($"start_server refuses: {happened.Text("message")}", ExitCodes.Failure);
            case "deploy-ended" when options is RestartByControl or ReconfigureByControl:
                var exitCode = Names.ExitCode(happened.Text("outcome"));
                if (exitCode != ExitCodes.Success) ShowNote(options, happened, progress);
                if (exitCode != ExitCodes.Success) throw new OperatorException($"not deployed: {happened.Text("reason")}", exitCode);
                progress?.Show(happened);
                return exitCode;
            case "abort-ended" when options is AbortByControl:
                if (!options.Json) Print(options, happened.Text("text") + "\n");
                return ExitCodes.Success;
            case "generations":
                if (!options.Json) Print(options, Table.Of(happened));
                return ExitCodes.Success;
            case "command-line-restored" when failure is not null:
                throw new OperatorException($"{failure.Message}; the former command line is in force again", failure.ExitCode);
            case "command-line-stays" when failure is not null:
                throw new OperatorException($"{failure.Message}; the new command line stays in force: {happened.Text("reason")}", failure.ExitCode);
            case "upgraded" when options is ReconfigureByControl: return null;
            case "upgraded":
                if (!options.Json) Print(options, $"upgraded from {happened.Text("from")} to {happened.Text("to")}\n");
                return ExitCodes.Success;
            case "upgrade-refused":
                throw new OperatorException($"{NotDone(options)}: {happened.Text("reason")}", ExitCodes.CandidateFailed);
            case "stopped":
                return options is StopByControl
                    ? ExitCodes.Success
                    : throw failure ?? new OperatorException($"{NotDone(options)}: start_server has been stopped", ExitCodes.NoServer);
            default: return null;
        }
    }

    /// <summary>Before the last line, which is the reason; on stderr as that one is, so that both keep their order.</summary>
    private static void ShowNote(ControlOptions options, JsonElement happened, Progress? progress)
    {
        if (options.Json || happened.Text("note") is not { Length: > 0 } note) return;
        progress?.Clear();
        StandardError.WriteLine(note);
    }

    private static string NotDone(ControlOptions options) => options switch
    {
        UpgradeByControl => "not upgraded",
        AbortByControl => "not cancelled",
        ReconfigureByControl => "not reconfigured",
        _ => "not deployed",
    };
}
