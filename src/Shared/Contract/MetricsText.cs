using System.Globalization;
using System.Text;

namespace StarletNet.Shared.Contract;

/// <summary>
/// The scoreboard in the text format of Prometheus, version 0.0.4. Sums over all workers, gone ones included, never fall; what is true of one
/// worker alone has the labels <c>slot</c> and <c>pid</c>.
/// </summary>
/// <param name="now"><see cref="Environment.TickCount64"/>.</param>
internal sealed class MetricsText(long now)
{
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    internal byte[] Bytes => Encoding.UTF8.GetBytes(_text.ToString());

    /// <param name="workers">Who lives.</param>
    /// <param name="departed">The sums of those that are gone.</param>
    internal void AddWorkers(IReadOnlyList<MeasuredWorker> workers, in WorkerFigures departed)
    {
        AddTotals([.. workers.Select(worker => worker.Figures), departed]);
        Begin("workers", "gauge", "Workers by what they are up to.");
        foreach (var state in Enum.GetValues<WorkerState>())
            Add("workers", $"state=\"{state.ToString().ToLowerInvariant()}\"", workers.Count(worker => worker.State == state));
        Each("worker_requests_in_flight", "Requests that the worker is answering.", figures => figures.InFlight);
        Each("worker_connections", "Connections that the worker holds.", figures => figures.Connections);
        Each("worker_heap_bytes", "Managed heap of the worker.", figures => figures.Heap);
        Each("worker_threadpool_threads", "Threads of the worker's thread pool.", figures => figures.PoolThreads);
        Each("worker_threadpool_queue_length", "Work items that wait for a thread of the worker's pool.", figures => figures.PoolQueue);
        Each("worker_heartbeat_age_seconds", "Time since the worker's last sign of life.", figures => Age(figures.BeatAt));
        Each("worker_longest_request_seconds", "Age of the request that the worker has been answering for the longest time.", figures => Age(figures.LongestSince));
        Each("worker_start_time_seconds", "Unix time of the worker's start.", figures => figures.StartedAt / 1000.0);

        void Each(string name, string help, Func<WorkerFigures, double> value)
        {
            Begin(name, "gauge", help);
            foreach (var worker in workers) Add(name, worker.Labels, value(worker.Figures));
        }
    }

    private void AddTotals(WorkerFigures[] all)
    {
        AddOne("requests_total", "counter", "Requests completed.", all.Sum(figures => figures.Requests));
        Begin("error_responses_total", "counter", "Requests answered with an error, by class of status.");
        Add("error_responses_total", "class=\"4xx\"", all.Sum(figures => figures.ClientErrors));
        Add("error_responses_total", "class=\"5xx\"", all.Sum(figures => figures.ServerErrors));
        AddOne("exceptions_total", "counter", "Exceptions thrown in workers, caught or not.", all.Sum(figures => figures.Exceptions));
        AddOne("received_bytes_total", "counter", "Bytes received from clients, as they came over the wire.", all.Sum(figures => figures.BytesIn));
        AddOne("sent_bytes_total", "counter", "Bytes sent to clients, as they went over the wire.", all.Sum(figures => figures.BytesOut));
        AddOne("loop_takeovers_total", "counter", "Times an event loop that somebody blocked went on with another thread.", all.Sum(figures => figures.TakeOvers));
    }

    internal void AddOne(string name, string type, string help, double value)
    {
        Begin(name, type, help);
        Add(name, "", value);
    }

    /// <summary>Before the samples of a name.</summary>
    internal void Begin(string name, string type, string help) =>
        _text.Append($"# HELP starletnet_{name} {help}\n# TYPE starletnet_{name} {type}\n");

    /// <param name="name">Without the prefix.</param>
    /// <param name="labels">As they stand between the braces; empty: none.</param>
    /// <param name="value">The sample's.</param>
    internal void Add(string name, string labels, double value) =>
        _text.Append("starletnet_").Append(name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ')
            .Append(value.ToString("0.######", CultureInfo.InvariantCulture)).Append('\n');

    private double Age(long since) => since == 0 ? 0 : Math.Max(0, now - since) / 1000.0;
}

/// <param name="Pid">As the master knows it, or the worker says.</param>
internal sealed record MeasuredWorker(int Slot, int Pid, WorkerState State, WorkerFigures Figures)
{
    internal string Labels { get; } = string.Create(CultureInfo.InvariantCulture, $"slot=\"{Slot}\",pid=\"{Pid}\"");
}
