using System.Globalization;
using StarletNet.Master.Output;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Events;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Workers;

/// <summary>
/// The command of <c>--child-exit</c>, run by the shell after each worker has been reaped, whatever it left for. It may take its time,
/// but not for ever, and nothing depends on how it ends.
/// </summary>
/// <param name="queue">Starts and reaps it.</param>
/// <param name="environment">The master's own.</param>
/// <param name="log">For failures.</param>
internal sealed class ExitCommand(EventQueue queue, IReadOnlyDictionary<string, string> environment, MasterLog log)
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly Dictionary<int, ChildProcess> _running = [];
    private readonly HashSet<int> _late = [];

    /// <summary>Null: none.</summary>
    internal string? Command { get; set; }

    internal bool IsRunning => _running.Count > 0;

    /// <param name="worker">Which one it was, and how it ended.</param>
    internal void Run(ExitedWorker worker)
    {
        if (Command is null) return;
        try
        {
            var process = queue.Start(new ChildSpec
            {
                Program = "/bin/sh",
                Arguments = ["-c", Command],
                Environment = Variables(worker),
                Scope = ProcessScope.OwnGroup,
            });
            _running[process.Pid] = process;
            queue.SetTimer(new ExitCommandTimedOut(process.Pid), Limit);
        }
        catch (SystemCallException error)
        {
            log.ExitCommandFailed(worker.Pid, error.Message);
        }
    }

    /// <returns>Whether it was a command of ours that ended.</returns>
    internal bool HearExit(int pid, ChildExit exit)
    {
        if (!_running.Remove(pid, out var process)) return false;
        queue.CancelTimer(new ExitCommandTimedOut(pid));
        var failure = process.TakeLaunchFailure();
        if (_late.Remove(pid) && !exit.IsSuccess) log.ExitCommandFailed(null, $"it had not ended after {Limit.TotalSeconds} s, and was killed");
        else if (!exit.IsSuccess) log.ExitCommandFailed(null, failure is null ? exit.ToString() : $"cannot execute /bin/sh: {failure.Errno}");
        return true;
    }

    internal void HearTimeout(ExitCommandTimedOut timer)
    {
        if (!_running.ContainsKey(timer.Pid)) return;
        _late.Add(timer.Pid);
        // The whole group: what the shell has started as well.
        Signal.Kill.SendTo(-timer.Pid);
    }

    private Dictionary<string, string> Variables(ExitedWorker worker) => new(environment)
    {
        [EnvironmentNames.ExitedPid] = Text(worker.Pid),
        [EnvironmentNames.WorkerSlot] = Text(worker.Slot),
        [EnvironmentNames.ExitedStatus] = Text(worker.Exit.IsSignal ? 128 + worker.Exit.Signal.Number : worker.Exit.Code),
        [EnvironmentNames.ExitedReason] = worker.Reason,
        [EnvironmentNames.ExitedRequests] = Text(worker.Requests),
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A worker that has been reaped.</summary>
/// <param name="Pid">The number it had.</param>
/// <param name="Slot">The place it filled.</param>
/// <param name="Exit">How it ended.</param>
/// <param name="Reason">Why it was to leave, in a word; <c>died</c> if nobody had asked for it.</param>
/// <param name="Requests">Answered by it, as far as it said so.</param>
internal sealed record ExitedWorker(int Pid, int Slot, ChildExit Exit, string Reason, long Requests);

/// <summary>The key of the timer after which the command is killed.</summary>
internal sealed record ExitCommandTimedOut(int Pid);
