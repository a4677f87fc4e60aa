using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using StarletNet.Shared.Contract;

namespace StarletNet.Master.Status;

/// <summary>The status for people.</summary>
internal static class StatusTable
{
    private static readonly string[] Head =
        ["SLOT", "PID", "GEN", "STATE", "UP", "REQUESTS", "REQ/S", "ACTIVE", "CONNS", "4XX", "5XX", "IN", "OUT", "HEAP", "MEM", "CPU", "THREADS", "LONGEST REQUEST"];

    /// <param name="now">What is shown.</param>
    /// <param name="before">An earlier look, for what happens per second; null: since the worker's start.</param>
    internal static string Of(Look now, Look? before)
    {
        var status = now.Status;
        var (totals, workers) = (status.GetProperty("totals"), status.GetProperty("workers").EnumerateArray().ToArray());
        var text = new StringBuilder();
        text.Append($"starletnet {Text(status, "version")}, pid {Long(status, "pid")}, {Text(status, "state")} {Text(status, "application")}\n");
        text.Append($"on {string.Join(", ", status.GetProperty("listeners").EnumerateArray().Select(name => Printable(name.GetString())))}\n");
        text.Append($"up {Age(Since(status, "startedAt", status))}, generation {Long(status, "generation")}, {Long(status, "workersReady")} of {Long(status, "workersWanted")} workers ready");
        text.Append($" [{string.Concat(workers.Select(worker => Text(worker, "letter")))}]");
        text.Append($"; {Long(status, "workersDied")} died, {Long(status, "failedStarts")} failed to start, {Long(status, "workersStuck")} stuck\n");
        text.Append($"{Long(totals, "requests")} requests ({PerSecond(now, before)}/s), {Long(totals, "inFlight")} active, {Long(totals, "connections")} connections, ");
        text.Append($"errors {Long(totals, "clientErrors")} 4xx and {Long(totals, "serverErrors")} 5xx, {Long(totals, "exceptions")} exceptions, ");
        text.Append($"{Size(Long(totals, "bytesIn"))} in, {Size(Long(totals, "bytesOut"))} out\n");
        if (workers.Length > 0) Append(text, [Head, .. workers.Select(worker => Row(worker, now, before))]);
        return text.ToString();
    }

    private static string[] Row(JsonElement worker, Look now, Look? before)
    {
        var former = before?.Status.GetProperty("workers").EnumerateArray().FirstOrDefault(other => Long(other, "pid") == Long(worker, "pid"));
        var known = former is { ValueKind: JsonValueKind.Object } earlier ? earlier : (JsonElement?)null;
        var seconds = known is not null ? Seconds(before!, now) : Since(worker, "readyAt", now.Status);
        return
        [
            $"{Long(worker, "slot")}",
            $"{Long(worker, "pid")}",
            $"{Long(worker, "generation")}",
            Text(worker, "state") + (Text(worker, "leaves") is { Length: > 0 } why && why != Text(worker, "state") ? $" ({why})" : ""),
            Age(Since(worker, "startedAt", now.Status)),
            Long(worker, "maxRequests") is > 0 and var share ? $"{Long(worker, "requests")}/{share}" : $"{Long(worker, "requests")}",
            Rate(Long(worker, "requests") - (known is { } first ? Long(first, "requests") : 0), seconds),
            $"{Long(worker, "inFlight")}",
            $"{Long(worker, "connections")}",
            $"{Long(worker, "clientErrors")}",
            $"{Long(worker, "serverErrors")}",
            Size(Long(worker, "bytesIn")),
            Size(Long(worker, "bytesOut")),
            Size(Long(worker, "heapBytes")),
            Size(Long(worker, "memoryBytes")),
            Percent(Number(worker, "processorSeconds") - (known is { } one ? Number(one, "processorSeconds") : 0), known is not null ? seconds : Since(worker, "startedAt", now.Status)),
            Long(worker, "poolQueue") is > 0 and var queue ? $"{Long(worker, "poolThreads")}+{queue}" : $"{Long(worker, "poolThreads")}",
            Text(worker, "longestRequest") is { Length: > 0 } longest
                ? string.Create(CultureInfo.InvariantCulture, $"{Number(worker, "longestRequestSeconds"):0.0}s {longest}") : "-",
        ];
    }

    private static string PerSecond(Look now, Look? before)
    {
        var requests = Long(now.Status.GetProperty("totals"), "requests");
        return before is null
            ? Rate(requests, Since(now.Status, "startedAt", now.Status))
            : Rate(requests - Long(before.Status.GetProperty("totals"), "requests"), Seconds(before, now));
    }

    private static double Seconds(Look before, Look now) => Stopwatch.GetElapsedTime(before.At, now.At).TotalSeconds;

    // By the master's clock, which also wrote the moment.
    private static double Since(JsonElement element, string name, JsonElement status) =>
        element.TryGetProperty(name, out var moment) ? Math.Max(0, (status.GetProperty("time").GetDateTimeOffset() - moment.GetDateTimeOffset()).TotalSeconds) : 0;

    private static string Rate(double count, double seconds) =>
        seconds <= 0 ? "0" : (count / seconds) is >= 10 and var many ? many.ToString("0", CultureInfo.InvariantCulture) : (count / seconds).ToString("0.#", CultureInfo.InvariantCulture);

    private static string Percent(double used, double seconds) =>
        seconds <= 0 ? "0%" : (100 * used / seconds).ToString("0", CultureInfo.InvariantCulture) + "%";

    /// <summary>Bytes in three digits or so: 980, 1.2K, 45M.</summary>
    internal static string Size(long bytes)
    {
        double number = bytes;
        var unit = 0;
        for (; number >= 1000 && unit < 5; unit++) number /= 1024;
        return unit == 0 ? bytes.ToString(CultureInfo.InvariantCulture) : number.ToString(number < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) + "KMGTP"[unit - 1];
    }

    /// <summary>The two largest units: 45s, 3m20s, 2h5m, 4d3h.</summary>
    internal static string Age(double seconds)
    {
        var age = TimeSpan.FromSeconds(Math.Floor(seconds));
        if (age.TotalDays >= 1) return $"{age.Days}d{age.Hours}h";
        if (age.TotalHours >= 1) return $"{age.Hours}h{age.Minutes}m";
        return age.TotalMinutes >= 1 ? $"{age.Minutes}m{age.Seconds}s" : $"{age.Seconds}s";
    }

    private static void Append(StringBuilder text, string[][] rows)
    {
        var widths = Enumerable.Range(0, Head.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        text.Append('\n');
        foreach (var row in rows)
        {
            // Words to the left, numbers to the right; the last column is not padded.
            for (var column = 0; column < row.Length - 1; column++)
                text.Append(column == 3 ? row[column].PadRight(widths[column]) : row[column].PadLeft(widths[column])).Append("  ");
            text.Append(row[^1]).Append('\n');
        }
    }

    private static long Long(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetInt64() : 0;

    private static double Number(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetDouble() : 0;

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? Printable(value.GetString()) : "";

    /// <summary>A path comes from a client, and may hold commands to a terminal, which are not to be carried out here.</summary>
    private static string Printable(string? text) => PrintableText.Of(text ?? "");
}
