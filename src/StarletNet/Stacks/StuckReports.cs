using System.Globalization;
using StarletNet.Master.Output;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Stacks;

/// <summary>
/// Has the threads of a worker that is stuck, or has a request that is, written down before it is ended, by a process of its own
/// (<c>starletnet stacks PID</c>): reading a trace would cost the master memory that it never gives back, and waiting for a runtime that is
/// stuck would cost it its loop.
/// </summary>
/// <param name="queue">Starts and reaps it.</param>
/// <param name="environment">The master's own.</param>
/// <param name="log">For what is wrong with it.</param>
internal sealed class StuckReports(EventQueue queue, IReadOnlyDictionary<string, string> environment, MasterLog log)
{
    private static readonly TimeSpan Limit = StackReport.Patience + TimeSpan.FromSeconds(5);

    private readonly Dictionary<int, Report> _running = [];

    private sealed record Report(int WorkerPid, ChildProcess Process)
    {
        internal Action? Then { get; set; }
    }

    internal void Begin(int workerPid)
    {
        // A worker that asks again and again gets one at a time.
        if (_running.Values.Any(report => report.WorkerPid == workerPid)) return;
        try
        {
            var process = queue.Start(new ChildSpec
            {
                Program = "/proc/self/exe",
                Title = "starletnet",
                Arguments = [StacksCommand.Name, workerPid.ToString(CultureInfo.InvariantCulture)],
                Environment = environment,
                Scope = ProcessScope.OwnGroup,
            });
            _running[process.Pid] = new Report(workerPid, process);
            queue.SetTimer(new StuckReportTimedOut(process.Pid), Limit);
        }
        catch (SystemCallException error)
        {
            log.NoStacks(workerPid, error.Message);
        }
    }

    /// <summary>Does it at once, or when the worker has been looked at.</summary>
    internal void After(int workerPid, Action then)
    {
        if (_running.Values.FirstOrDefault(report => report.WorkerPid == workerPid) is { } report) report.Then = then;
        else then();
    }

    /// <returns>Whether it was a report of ours that ended.</returns>
    internal bool HearExit(int pid, ChildExit exit)
    {
        if (!_running.Remove(pid, out var report)) return false;
        queue.CancelTimer(new StuckReportTimedOut(pid));
        report.Process.TakeLaunchFailure();
        if (!exit.IsSuccess) log.NoStacks(report.WorkerPid, exit.ToString());
        report.Then?.Invoke();
        return true;
    }

    internal void HearTimeout(StuckReportTimedOut timer)
    {
        if (_running.ContainsKey(timer.Pid)) Signal.Kill.SendTo(timer.Pid);
    }
}

/// <summary>The key of the timer after which a report is given up.</summary>
internal sealed record StuckReportTimedOut(int Pid);
