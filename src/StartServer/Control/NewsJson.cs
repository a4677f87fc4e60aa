using System.Diagnostics;
using System.Text.Json;
using StarletNet.Shared.Output;
using StartServer.Supervision;

namespace StartServer.Control;

/// <summary>What clients are told: one JSON object a line, always with <c>event</c> and <c>time</c>. ARCHITECTURE.md lists them.</summary>
internal static class NewsJson
{
    internal static byte[] Line(News news, IReadOnlyList<string> lastLines) => JsonLine.Of(json =>
    {
        switch (news)
        {
            case CandidateStarted e:
                Begin(json, "candidate-started");
                WriteGeneration(json, e.Candidate);
                json.WriteNumber("attempt", e.Attempt);
                break;
            case CandidateFailed e:
                Begin(json, "candidate-failed");
                if (e.Candidate is not null) WriteGeneration(json, e.Candidate);
                json.WriteString("reason", e.Reason);
                WriteLines(json, lastLines);
                break;
            case CandidateDiscarded e:
                Begin(json, "candidate-discarded");
                WriteGeneration(json, e.Candidate);
                json.WriteString("reason", e.Reason);
                break;
            case CandidateAccepted e:
                Begin(json, "candidate-accepted");
                WriteGeneration(json, e.Candidate);
                json.WriteNumber("seconds", Math.Round(e.Took.TotalSeconds, 3));
                break;
            case OldSignalled e:
                Begin(json, "old-signalled");
                json.WriteString("signal", e.Signal.Name);
                json.WriteStartArray("generations");
                foreach (var old in e.Old)
                {
                    json.WriteStartObject();
                    WriteGeneration(json, old);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                break;
            case GenerationLingers e:
                Begin(json, "generation-lingers");
                WriteGeneration(json, e.Generation);
                json.WriteNumber("connections", e.Connections);
                break;
            case GenerationEnded e:
                Begin(json, "generation-ended");
                WriteGeneration(json, e.Generation);
                json.WriteString("exit", e.Exit.ToString());
                break;
            case RolledBack e:
                Begin(json, "rolled-back");
                json.WriteNumber("from", e.From.Number);
                json.WriteNumber("to", e.To.Number);
                json.WriteString("reason", e.Reason);
                WriteLines(json, lastLines);
                break;
            case DeployEnded e:
                Begin(json, "deploy-ended");
                json.WriteNumber("request", e.Request);
                json.WriteString("outcome", Names.Of(e.Outcome));
                json.WriteString("reason", e.Reason);
                if (e.Lingering > 0) json.WriteNumber("lingering", e.Lingering);
                if (e.Release is not null) json.WriteString("release", e.Release);
                if (e.Outcome == DeployOutcome.Done) json.WriteBoolean("unchanged", e.IsUnchanged);
                if (e.Note is not null) json.WriteString("note", e.Note);
                break;
            case AbortEnded e:
                Begin(json, "abort-ended");
                json.WriteBoolean("aborted", e.IsAborted);
                json.WriteString("text", e.Text);
                break;
            default: throw new UnreachableException(news.ToString());
        }
    });

    internal static byte[] Line(Listing listing) => JsonLine.Of(json =>
    {
        Begin(json, "generations");
        json.WriteNumber("pid", listing.Pid);
        json.WriteString("doing", listing.Doing);
        json.WriteStartArray("generations");
        foreach (var line in listing.Roster.Generations)
        {
            json.WriteStartObject();
            WriteGeneration(json, line.Generation);
            json.WriteString("state", Names.Of(line.Role));
            if (line.Connections > 0) json.WriteNumber("connections", line.Connections);
            json.WriteNumber("seconds", Math.Round(line.Age.TotalSeconds, 1));
            if (line.Release is not null) json.WriteString("release", line.Release);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("restarts", listing.Roster.Restarts);
        if (listing.Roster.LastFailure is { } failure) json.WriteString("lastFailure", failure);
        json.WriteStartArray("listeners");
        foreach (var listener in listing.Listeners)
        {
            json.WriteStartObject();
            json.WriteString("name", listener.Name);
            json.WriteString("kind", listener.Kind);
            json.WriteString("address", listener.Address);
            json.WriteNumber("fd", listener.Fd);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    internal static byte[] Error(string message) => JsonLine.Of(json =>
    {
        Begin(json, "error");
        json.WriteString("message", message);
    });

    internal static byte[] Upgraded(string from, string to) => JsonLine.Of(json =>
    {
        Begin(json, "upgraded");
        json.WriteString("from", from);
        json.WriteString("to", to);
    });

    internal static byte[] UpgradeRefused(string reason) => JsonLine.Of(json =>
    {
        Begin(json, "upgrade-refused");
        json.WriteString("reason", reason);
    });

    internal static byte[] CommandLineRestored() => JsonLine.Of(json => Begin(json, "command-line-restored"));

    internal static byte[] CommandLineStays(string reason) => JsonLine.Of(json =>
    {
        Begin(json, "command-line-stays");
        json.WriteString("reason", reason);
    });

    internal static byte[] Stopped() => JsonLine.Of(json => Begin(json, "stopped"));

    private static void Begin(Utf8JsonWriter json, string name)
    {
        json.WriteString("event", name);
        json.WriteString("time", JsonLine.Moment(DateTimeOffset.UtcNow));
    }

    private static void WriteGeneration(Utf8JsonWriter json, Generation generation)
    {
        json.WriteNumber("generation", generation.Number);
        json.WriteNumber("pid", generation.Pid);
    }

    private static void WriteLines(Utf8JsonWriter json, IReadOnlyList<string> lines)
    {
        json.WriteStartArray("lastLines");
        foreach (var line in lines) json.WriteStringValue(line);
        json.WriteEndArray();
    }
}
