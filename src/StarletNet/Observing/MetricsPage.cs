using StarletNet.Shared.Contract;

namespace StarletNet.Master.Observing;

/// <summary>What <c>--metrics</c> answers: the scoreboard, and what only the master knows.</summary>
internal static class MetricsPage
{
    internal static byte[] Of(StatusReport report, DateTimeOffset startedAt)
    {
        var text = new MetricsText(Environment.TickCount64);
        text.Begin("build_info", "gauge", "The version that runs.");
        text.Add("build_info", $"version=\"{StatusJson.Version}\"", 1);
        text.Begin("release_info", "gauge", "What is served.");
        text.Add("release_info", $"path=\"{Label(report.Application)}\"", 1);
        text.AddOne("start_time_seconds", "gauge", "Unix time of the master's start.", startedAt.ToUnixTimeMilliseconds() / 1000.0);
        text.AddOne("generation", "gauge", "The latest restart; 1 is the first set of workers.", report.Generation);
        text.AddOne("workers_wanted", "gauge", "Workers that the master keeps alive.", report.Wanted);
        text.AddOne("workers_started_total", "counter", "Workers that were started.", report.Counters.Started);
        text.AddOne("workers_died_total", "counter", "Workers that ended although they served.", report.Counters.Died);
        text.AddOne("workers_stuck_total", "counter", "Workers that were taken for stuck.", report.Counters.Stuck);
        text.AddOne("worker_start_failures_total", "counter", "Workers that did not become ready.", report.Counters.FailedToStart);
        text.AddOne("restarts_total", "counter", "Restarts that were begun by HUP.", report.Counters.Restarts);
        MeasuredWorker[] workers = [.. report.Workers.Select(worker => new MeasuredWorker(worker.Slot, worker.Pid, worker.State, worker.Figures))];
        text.AddWorkers(workers, report.Departed);
        AddUse(text, workers, report);
        return text.Bytes;
    }

    private static string Label(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static void AddUse(MetricsText text, MeasuredWorker[] workers, StatusReport report)
    {
        text.Begin("worker_memory_bytes", "gauge", "Memory that the worker shares with nobody's file.");
        for (var i = 0; i < workers.Length; i++)
            if (report.Workers[i].Use is { } use) text.Add("worker_memory_bytes", workers[i].Labels, use.Memory);
        text.Begin("worker_cpu_seconds_total", "counter", "Processor time that the worker has used.");
        for (var i = 0; i < workers.Length; i++)
            if (report.Workers[i].Use is { } use) text.Add("worker_cpu_seconds_total", workers[i].Labels, use.Processor.TotalSeconds);
    }
}
