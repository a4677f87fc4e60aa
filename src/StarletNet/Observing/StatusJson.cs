using System.Reflection;
using System.Text.Json;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Output;

namespace StarletNet.Master.Observing;

/// <summary>What <c>starletnet status --json</c> prints and the table is made of: one object, one line. README.md lists its members.</summary>
internal static class StatusJson
{
    internal static readonly string Version =
        typeof(StatusJson).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    internal static byte[] Line(StatusReport report, DateTimeOffset startedAt) => JsonLine.Of(json =>
    {
        json.WriteNumber("pid", Environment.ProcessId);
        json.WriteString("version", Version);
        json.WriteString("time", JsonLine.Moment(DateTimeOffset.UtcNow));
        json.WriteString("state", report.State);
        json.WriteString("application", report.Application);
        json.WriteStartArray("listeners");
        foreach (var listener in report.Listeners) json.WriteStringValue(listener);
        json.WriteEndArray();
        json.WriteString("startedAt", JsonLine.Moment(startedAt));
        json.WriteNumber("generation", report.Generation);
        json.WriteNumber("workersWanted", report.Wanted);
        json.WriteNumber("workersReady", report.Ready);
        json.WriteNumber("workersStarted", report.Counters.Started);
        json.WriteNumber("workersDied", report.Counters.Died);
        json.WriteNumber("workersStuck", report.Counters.Stuck);
        json.WriteNumber("failedStarts", report.Counters.FailedToStart);
        json.WriteNumber("restarts", report.Counters.Restarts);
        WriteTotals(json, report);
        json.WriteStartArray("workers");
        foreach (var worker in report.Workers) WriteWorker(json, worker);
        json.WriteEndArray();
    });

    internal static byte[] Error(string message) => JsonLine.Of(json => json.WriteString("error", message));

    private static void WriteTotals(Utf8JsonWriter json, StatusReport report)
    {
        json.WriteStartObject("totals");
        var now = report.Workers.Select(worker => worker.Figures).Append(report.Departed).ToArray();
        json.WriteNumber("requests", now.Sum(figures => figures.Requests));
        json.WriteNumber("inFlight", now.Sum(figures => (long)figures.InFlight));
        json.WriteNumber("connections", now.Sum(figures => (long)figures.Connections));
        json.WriteNumber("clientErrors", now.Sum(figures => figures.ClientErrors));
        json.WriteNumber("serverErrors", now.Sum(figures => figures.ServerErrors));
        json.WriteNumber("exceptions", now.Sum(figures => figures.Exceptions));
        json.WriteNumber("bytesIn", now.Sum(figures => figures.BytesIn));
        json.WriteNumber("bytesOut", now.Sum(figures => figures.BytesOut));
        json.WriteEndObject();
    }

    private static void WriteWorker(Utf8JsonWriter json, WorkerReport worker)
    {
        var figures = worker.Figures;
        json.WriteStartObject();
        json.WriteNumber("slot", worker.Slot);
        json.WriteNumber("pid", worker.Pid);
        json.WriteNumber("generation", worker.Generation);
        json.WriteString("state", worker.State.ToString().ToLowerInvariant());
        json.WriteString("letter", ((char)worker.State).ToString());
        if (worker.Leaves is not null) json.WriteString("leaves", worker.Leaves);
        if (worker.Lingering is { } lingering) json.WriteNumber("lingering", lingering);
        if (figures.StartedAt > 0) json.WriteString("startedAt", JsonLine.Moment(DateTimeOffset.FromUnixTimeMilliseconds(figures.StartedAt)));
        if (figures.ReadyAt > 0) json.WriteString("readyAt", JsonLine.Moment(DateTimeOffset.FromUnixTimeMilliseconds(figures.ReadyAt)));
        json.WriteNumber("requests", figures.Requests);
        if (worker.MaxRequests > 0) json.WriteNumber("maxRequests", worker.MaxRequests);
        json.WriteNumber("inFlight", figures.InFlight);
        json.WriteNumber("connections", figures.Connections);
        json.WriteNumber("clientErrors", figures.ClientErrors);
        json.WriteNumber("serverErrors", figures.ServerErrors);
        json.WriteNumber("exceptions", figures.Exceptions);
        json.WriteNumber("bytesIn", figures.BytesIn);
        json.WriteNumber("bytesOut", figures.BytesOut);
        WriteAge(json, "lastRequestSecondsAgo", figures.LastRequestAt);
        WriteAge(json, "heartbeatSecondsAgo", figures.BeatAt);
        json.WriteNumber("heapBytes", figures.Heap);
        json.WriteNumber("poolThreads", figures.PoolThreads);
        json.WriteNumber("poolQueue", figures.PoolQueue);
        json.WriteNumber("loopTakeOvers", figures.TakeOvers);
        if (worker.Use is { } use)
        {
            json.WriteNumber("memoryBytes", use.Memory);
            json.WriteNumber("processorSeconds", use.Processor.TotalSeconds);
        }
        if (figures.Longest is not null)
        {
            json.WriteString("longestRequest", PrintableText.Of(figures.Longest));
            WriteAge(json, "longestRequestSeconds", figures.LongestSince);
        }
        json.WriteEndObject();
    }

    private static void WriteAge(Utf8JsonWriter json, string name, long since)
    {
        if (since > 0) json.WriteNumber(name, Math.Round(Math.Max(0, Environment.TickCount64 - since) / 1000.0, 3));
    }
}
