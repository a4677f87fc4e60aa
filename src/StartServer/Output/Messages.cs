using System.Globalization;
using System.Net;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.Generations;
using StartServer.Supervision;
using StartServer.Upgrade;

namespace StartServer.Output;

/// <summary>
/// Every line an operator reads. Where Server::Starter has a line for it, this is its wording, down to "worker" for what is called
/// a generation everywhere else here: scripts match it.
/// </summary>
internal static class Messages
{
    internal static string Starting(int pid) => $"start_server (pid:{pid}) starting now...";

    internal static string SocketDuplicated(int number) => $"socket is duplicated to file descriptor {number}";

    internal static string PortChosen(string asked, IPEndPoint bound) => $"--port {asked} is bound to {bound}";

    internal static string RemovingSocketFile(string path) => $"removing existing socket file:{path}";

    internal static string StartingWorker(Generation generation) => $"starting new worker {generation.Pid}";

    internal static string LaunchFailed(LaunchFailure failure, string program, string? directory) => failure.Step == LaunchStep.ChangeDirectory
        ? $"failed to chdir:{directory}:{failure.Errno}"
        : $"failed to exec {program}: {failure.Errno}";

    internal static string SpawnFailed(string reason) => $"failed to start a new worker: {reason}";

    internal static string FailedToStart(Generation candidate, ChildExit exit) =>
        $"new worker {candidate.Pid} seems to have failed to start, exit status:{exit.RawStatus}";

    internal static string NextAttemptIn(TimeSpan delay) => $"next attempt in {Seconds(delay)} secs";

    internal static string NotReady(Generation candidate, TimeSpan timeout, string? complaint, ChosenSignal signal) =>
        $"new worker {candidate.Pid} was not ready within {Seconds(timeout)} secs{(complaint is null ? "" : $" ({complaint})")}, sending {signal} to it";

    internal static string Killing(Generation generation, TimeSpan after) =>
        $"worker {generation.Pid} has not stopped within {Seconds(after)} secs, sending KILL to it";

    internal static string Abandoned(int attempts, Generation current) =>
        $"giving up after {Failed(attempts)}, worker {current.Pid} serves on; the next HUP tries again";

    internal static string GaveUp(int attempts) => $"giving up after {Failed(attempts)}: no worker could be started";

    private static string Failed(int attempts) => attempts == 1 ? "1 failed attempt" : $"{attempts} failed attempts";

    internal const string Restarting = "received HUP, spawning a new worker";

    internal const string RestartIgnored = "received HUP, ignored: stopping";

    internal const string Deploying = "restart requested, spawning a new worker";

    internal const string Superseded = "a HUP has begun another deploy";

    internal const string SupersededByRequest = "another --restart has begun a newer deploy";

    internal const string Busy = "another deploy is under way";

    internal static string BusyWith(Running state)
    {
        var what = state switch
        {
            Trying trying => $"generation {trying.Candidate.Number} is starting",
            StartDue => "the next attempt is due",
            _ => $"generation {state.Fleet.Current!.Number} is watched",
        };
        return $"{Busy} ({what}), and the --restart that asked for it still waits; start_server --abort cancels it";
    }

    internal const string StopsInstead = "start_server is stopping";

    internal static string SignalIgnored(Signal signal) => $"received {signal}, ignored: HUP restarts, TERM stops, USR2 upgrades";

    internal static string NewWorkerRunning(ChosenSignal signal, IReadOnlyList<Generation> old) =>
        $"new worker is now running, sending {signal} to old workers:{(old.Count == 0 ? "none" : Pids(old))}";

    internal static string OnProbation(TimeSpan watch, IReadOnlyList<Generation> old) =>
        $"new worker is now running, watching it for {Seconds(watch)} secs beside old workers:{Pids(old)}";

    internal static string DiedOnProbation(Generation failed, ChildExit exit, Generation previous) =>
        $"worker {failed.Pid} died unexpectedly with status:{exit.RawStatus}, going back to worker {previous.Pid}";

    internal static string FailedOnProbation(Generation failed, string complaint, Generation previous) =>
        $"worker {failed.Pid} does not answer any more ({complaint}), going back to worker {previous.Pid}";

    internal static string AutoRestart(TimeSpan interval, bool forced) =>
        $"autorestart triggered ({(forced ? "forced, " : "")}interval={Seconds(interval)})";

    internal static string TooManyOld(int limit, IReadOnlyList<Generation> surplus) =>
        $"no more than {limit} old workers are allowed, sending KILL to {Pids(surplus)}";

    internal static string Sleeping(TimeSpan delay) => $"sleeping {Seconds(delay)} secs before killing old workers";

    internal const string KillingOld = "killing old workers";

    internal static string OldWorkerDied(int pid, ChildExit exit) => $"old worker {pid} died, status:{exit.RawStatus}";

    internal static string OldLingers(Generation old, int connections) =>
        $"old worker {old.Pid} has nothing left but {connections} long-lived connection{(connections == 1 ? "" : "s")}, which may stay (--drain-websockets)";

    internal static string DiedUnexpectedly(int pid, ChildExit exit) => $"worker {pid} died unexpectedly with status:{exit.RawStatus}, restarting";

    internal static string Stopping(Signal received, ChosenSignal sent, IReadOnlyList<Generation> all) =>
        $"received {received}, sending {sent} to all workers:{Pids(all)}";

    internal static string StopOverdue(IReadOnlyList<Generation> remaining, TimeSpan timeout) =>
        $"not all workers have stopped within {Seconds(timeout)} secs, sending KILL to {Pids(remaining)}";

    internal static string WorkerDied(int pid, ChildExit exit) => $"worker {pid} died, status:{exit.RawStatus}";

    internal static string StatusFileFailed(string path, string reason) => $"failed to write status file:{path}: {reason}";

    internal static string StoppingServer(int own, int server) => $"stop_server (pid:{own}) stopping now (pid:{server})...";

    // How many of them were this command's, files do not tell.
    internal static string AttemptsBefore(Generation serving) =>
        $"generation {serving.Number} (pid {serving.Pid}) serves; there were other attempts since the one it replaces, see the log";

    internal static string Asked(string request, int pid, uint uid) => $"{request}: asked for over the control socket by process {pid}, user {uid}";

    internal const string CallerIsGone = "the caller of --daemonize has gone before a generation served";
    internal static string LogFileFailed(string path, Errno error) => $"failed to open log file:{path}: {error}";

    internal static string LogCommandFailed(LogCommand command, string reason) => $"failed to open pipe:{command.Text}: {reason}";

    internal static string LogFileStays(string path, Errno error) => $"received USR1, but {LogFileFailed(path, error)}; the old one stays in use";

    internal static string LogFileReopened(string path) => $"received USR1, log file reopened:{path}";

    internal const string LogCommandReopens = "received USR1, ignored: the log goes to a command, and what it writes to is its own affair";

    internal static string LoggerDied(int pid, ChildExit exit) => $"logger {pid} died, status:{exit.RawStatus}, restarting";

    internal static string EndingLogger(int pid, TimeSpan limit, Signal signal) =>
        $"logger {pid} has not ended within {Seconds(limit)} secs after the end of its input, sending {signal} to it";

    internal static string LoggerPause(TimeSpan pause) => $"next logger in {Seconds(pause)} secs";

    internal static string LogDropped(long bytes) => $"{bytes} bytes of the log are lost: no logger ran, and the pipe was full";

    internal static string LinesLost(long lines) => $"{lines} lines of start_server are lost: the log took nothing";

    internal const string UpgradeAsked = "received USR2, upgrading";

    internal const string ServesAfterAll = "it serves by now";

    internal static string ReconfigurationRefused(string reason) => $"new command line refused, this one stays: {reason}";

    internal static string CommandLineChanged(IEnumerable<string> words) => $"the command line is now: {string.Join(' ', words)}";

    internal static string CommandLineStays(string reason) => $"the former command line does not come back: {reason}";

    internal static string ListenerRemoved(string name) => $"no longer listening: {name}";

    internal static string NoWayBack(string reason, Errno error) => $"cannot go back to the version before ({error}) after this: {reason}";

    internal const string UpgradeWaits = "the upgrade waits until it is decided whether the new worker starts";

    internal static string UpgradeRefused(string program, string reason) =>
        $"upgrade refused, this version goes on:{(program.Length > 0 ? $" {program}:" : "")} {reason}";

    internal static string TakenOver(int pid, string version, Snapshot from) =>
        $"start_server {version} (pid:{pid}) has taken over from {from.Version}, workers:{string.Join(',', from.Supervision.Generations.Select(generation => generation.Pid))}";

    internal const string Exiting = "exiting";

    internal static string Serving(Generation current) => $"generation {current.Number} (pid {current.Pid}) serves";

    // What is told of a deploy, not logged.

    internal static string Ended(ChildExit exit) => exit switch
    {
        { LaunchFailure: { Step: LaunchStep.ChangeDirectory } failure } => $"could not change to its directory: {failure.Errno}",
        { LaunchFailure: { } failure } => $"could not be executed: {failure.Errno}",
        { IsSignal: true } => $"was killed by signal {exit.Signal}",
        _ => $"exited with status {exit.Code}",
    };

    internal static string WasNotReady(TimeSpan timeout, string? complaint) =>
        $"was not ready within {Seconds(timeout)} s{(complaint is null ? "" : ": " + complaint)}";

    internal static string ProbeFailed(string complaint) => $"does not answer any more: {complaint}";

    internal static string WhyFailed(int generation, string reason, bool isSaid = false) => $"generation {generation}{(isSaid ? ":" : "")} {reason}";

    /// <summary>Of a candidate that has ended: what it says itself, what it was rejected for, or how it ended.</summary>
    internal static string WhyDied(string? rejected, Died died) => (rejected, died.Said) switch
    {
        (null, { } said) => said,
        ({ } reason, null) => reason,
        // A probe's complaint stands behind a colon already; the program's own word is nearer to the cause.
        ({ } reason, { } said) => $"{reason.Split(": ")[0]}: {said}",
        _ => Ended(died.Exit),
    };

    internal static string Deployed(Generation deployed, Generation? current) => deployed == current
        ? $"generation {deployed.Number} serves"
        : $"generation {deployed.Number} was accepted; it has been replaced, or has died, since";

    internal static string Starts(Generation candidate, int failures) =>
        $"generation {candidate.Number} (pid {candidate.Pid}) is starting{(failures == 0 ? "" : $", attempts that failed before it: {failures}")}";

    internal static string StartsLater(int failures) => $"attempts that failed: {failures}, the next is due";

    internal const string StartsNow = "the next generation is about to start";

    internal static string OldRemain(IReadOnlyList<Generation> old) => $"old ones that have not ended yet: {Pids(old)}";

    internal static string WaitingFor(IReadOnlyList<Generation> remaining) => $"stopping, waiting for {Pids(remaining)}";

    // ---- deploys that are superseded or cancelled ---------------------------------------------------------------------

    internal const string Aborted = "cancelled by --abort";

    internal static string Discarded(Generation candidate, string reason, ChosenSignal? signal = null) =>
        $"generation {candidate.Number} (pid {candidate.Pid}) is given up before it is ready: {reason}{(signal is null ? "" : $"; sending {signal} to it")}";

    internal static string DiscardedEnded(Generation candidate, ChildExit exit) =>
        $"generation {candidate.Number} (pid {candidate.Pid}), which was given up, has ended: {exit}";

    internal static string AbortedDeploy(Generation? candidate, Generation current) =>
        $"{(candidate is null ? "the deploy" : $"generation {candidate.Number}")} is cancelled; generation {current.Number} keeps serving";

    internal static string AbortedStart(Generation? candidate, int next) =>
        $"{(candidate is null ? "the pause" : $"the start of generation {candidate.Number}")} is cancelled; no generation serves, and generation {next} is started now";

    internal static string AbortedPending(Generation candidate) =>
        $"the deploy is cancelled; generation {candidate.Number} is started from what served last";

    internal static string WatchAborted(Generation from, Generation to) => $"generation {from.Number} is cancelled while it is watched; generation {to.Number} serves again";

    internal static string NothingToAbort(Fleet fleet) => $"no deploy is under way; generation {fleet.Current!.Number} serves";

    // ---- releases -------------------------------------------------------------------------------------------------------

    internal static string Serves(int generation, string release, bool isUnchanged) =>
        $"generation {generation} serves {release}{(isUnchanged ? ", the same files as before: nothing has changed" : "")}";

    /// <param name="served">What served last.</param>
    /// <param name="difference">Where the command line leads elsewhere by now.</param>
    internal static string StartsWhatServed(string served, Difference difference) =>
        $"starting what served last, {served}: {difference.Name} {difference.Leads}, which has not been deployed";

    internal static string WhatServedIsGone(string path, string instead) => $"what served last is gone ({path}); starting {instead}, which the command line names";

    internal static string NamedIsNotServed(string served, Difference difference) =>
        $"{difference.Name} {difference.Leads}, and {served} serves: a crash starts {served} again, a restart of start_server or of the machine "
        + (difference.Now is null ? "fails" : $"starts {difference.Now}");

    internal static string ServedIsGone(string gone, Difference difference) =>
        $"{gone} serves and is not there any more: a crash, or a restart of start_server or of the machine, {(difference.Now is null ? "finds nothing to start" : $"starts {difference.Now}")}";

    private static string Pids(IReadOnlyList<Generation> generations) => string.Join(',', generations.Select(generation => generation.Pid));

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
}
