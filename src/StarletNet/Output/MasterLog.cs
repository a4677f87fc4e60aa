using Serilog;
using Serilog.Core;
using Serilog.Events;
using StarletNet.Master.Options;
using StarletNet.Master.Pool;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Processes;

namespace StarletNet.Master.Output;

/// <summary>Every event of the master's log: its number, which is never given to another, its level and its words.</summary>
internal sealed class MasterLog : IDisposable
{
    private const string EventId = "EventId";

    private readonly Logger _logger;

    private readonly bool _quiet;

    private readonly RollingLog? _files;

    /// <param name="sink">Where the lines go.</param>
    /// <param name="quiet">Leave out what announces the start.</param>
    /// <param name="least">What is less important is left out.</param>
    /// <param name="files">Where they go as well, once <see cref="OpenFiles"/> says so.</param>
    internal MasterLog(ILogEventSink sink, bool quiet = false, LogEventLevel least = LogEventLevel.Information, RollingLog? files = null)
    {
        _quiet = quiet;
        _files = files;
        var configuration = new LoggerConfiguration().MinimumLevel.Is(least).Enrich.WithProperty("ProcessId", Environment.ProcessId).WriteTo.Sink(sink);
        _logger = (files is null ? configuration : configuration.WriteTo.Sink(files)).CreateLogger();
    }

    /// <param name="options">What was chosen.</param>
    /// <param name="caller">Who waits for a daemon, if somebody does.</param>
    internal static MasterLog Of(MasterOptions options, WaitingCaller? caller)
    {
        var choices = options.Observing;
        var objects = choices.LogFormat == LogForms.Json ? LogForms.Objects() : null;
        var files = choices.MasterLog is { } path ? new RollingLog(path, objects ?? LogForms.DatedLines(), choices.MasterLogKeep) : null;
        return new MasterLog(new StandardErrorSink(caller, objects), options.Quiet, Enum.Parse<LogEventLevel>(choices.LogLevel, ignoreCase: true), files);
    }

    /// <exception cref="Shared.Errors.OperatorException">They could not be written.</exception>
    internal void OpenFiles() => _files?.Open();

    public void Dispose() => _logger.Dispose();

    // ---- 1–19: the master itself -------------------------------------------------------------------------------

    internal void Listening(string name) => Announce(1, "listening on {Listener:l}", name);

    internal void Adopted(string name, int fd) => Announce(2, "listening on {Listener:l}, descriptor {Fd} of our parent", name, fd);

    internal void DatagramSocketSkipped(string name, int fd) =>
        Warning(3, "{Listener:l}, descriptor {Fd}, is a datagram socket, which HTTP has no use for; it is left alone", name, fd);

    internal void ListenOptionsReplaced(string source, string listeners) =>
        Warning(4, "not listening on {Listeners:l}: the sockets of {Source:l} replace what the options say", listeners, source);

    internal void CertificateKept(string reason) =>
        Warning(17, "{Reason:l}; the new workers get the certificate as it was read before", reason);

    internal void ConfigurationKept(string file) =>
        Warning(94, "cannot read {File:l} as the user that we have become; what it said before still holds", file);

    internal void VariableMisspelt(string name, string nearest) =>
        Warning(98, "the variable {Name:l} sets no option; did you mean {Nearest:l}?", name, nearest);

    internal void VariablesUnknown(IEnumerable<string> names) =>
        Warning(99, "variables that set no option: {Names:l}", string.Join(", ", names));

    internal void OptionsForApplication(string words) => Warning(104, "{Words:l}", words);

    internal void OneSocketForOneWorker() =>
        Warning(105, "--reuse-port: with one worker there is one socket, so it changes nothing; give --max-workers 2 or more, or leave it out");

    internal void AllReady(int workers, string application) =>
        Announce(5, "serving {Application:l} with {Workers} workers", application, workers);

    internal void FirstReady(int workers, string application, TimeSpan interval) =>
        Announce(12, "serving {Application:l} with the first of {Workers} workers; another one each {Seconds} s", application, workers, interval.TotalSeconds);

    internal void SuperdaemonGone(int pid) => Warning(6, "the process that started us, pid {Pid}, is gone", pid);

    internal void Exiting(int code) => Information(7, "exiting with code {ExitCode}", code);

    internal void SignalIgnored(Signal signal) => Information(8, "signal {Signal:l} is ignored", signal.Name);

    internal void RestartImpossible(string reason) =>
        Error(9, "no restart: {Reason:l}; the running workers go on serving", reason);

    // Whether it has these options is not to be seen from here, so the words are true with and without them.
    internal void StopsFastUnderSuperdaemon(string preset) =>
        Warning(95, "with --preset {Preset:l} TERM cuts what is unfinished, and start_server sends TERM at each deploy and at its end, unless it was told --signal-on-hup=QUIT --signal-on-term=QUIT", preset);

    internal void CannotWatchSuperdaemon(string reason) =>
        Warning(10, "cannot watch the process that started us: {Reason:l}; should it die, we stay", reason);

    internal void WithoutEffect(string option) => Debug(11, "--{Option:l} has no effect here", option);

    internal void TriesOneFirst() =>
        Information(13, "one worker is tried first (--preload-app); its memory cannot be shared, but compiled code in files is");

    internal void LogNotReopened(string reason) => Warning(14, "{Reason:l}; the old one is written on", reason);

    internal void LogsReopened(IEnumerable<string> files) => Information(19, "opened anew: {Files:l}", string.Join(", ", files));

    internal void WorkerKeepsLogs(int pid) => Warning(18, "worker with pid {Pid} does not hear us and keeps its old log files", pid);

    internal void NoStatusSocket(string reason) => Warning(15, "{Reason:l}; the service goes on without it", reason);

    internal void PidFileReplaced(string words) => Warning(111, "{Words:l}", words);

    internal void TakenAsTerm(Signal signal) => Information(112, "signal {Signal:l} is taken as TERM", signal.Name);

    internal void DiagnosticFilesSwept(int count) => Information(113, "removed {Count} sockets and pipes that .NET processes which were killed had left for diagnostics", count);

    internal void InputFailed(string words) => Error(110, "{Words:l}", words);

    internal void MetricsOn(string name) => Announce(16, "metrics on {Listener:l}", name);

    // ---- 60–: releases and development -------------------------------------------------------------------------

    internal void RunsFromCopy(string path, string copy) => Announce(60, "a copy of {Application:l} is in {Copy:l}", path, copy);

    internal void CopiesSwept(int count) => Information(61, "removed {Count} copies of applications that a master which was killed had left", count);

    internal void FilesChanged(string path) => Information(62, "{Path:l} has changed", path);

    internal void CannotWatchFiles(string reason) => Warning(63, "not all files are watched: {Reason:l}", reason);

    internal void ReloadOff() => Warning(64, "--reload is off: deploys are the business of start_server, which started us; --reload=force all the same");

    internal void Building(string path) => Announce(65, "building {Path:l}", path);

    internal void Built(string path, double seconds) => Announce(66, "built {Path:l} in {Seconds:0.0} s", path, seconds);

    internal void WaitsForNextStart(string options) =>
        Warning(67, "changed in the configuration file: {Options:l}; that takes effect at the next start", options);

    // ---- 90–: with --log-level debug ---------------------------------------------------------------------------

    internal bool Debugs => _logger.IsEnabled(LogEventLevel.Debug);

    internal void PoolHears(PoolEvent happened) => Debug(90, "the pool hears: {Event:l}", happened);

    internal void PoolDoes(PoolAction action) => Debug(91, "the pool does: {Action:l}", action);

    internal void WorkerSays(int pid, string message) => Debug(92, "worker with pid {Pid} says: {Message:l}", pid, message);

    internal void SignalHeard(Signal signal) => Debug(93, "signal {Signal:l}", signal.Name);

    // Words are made only when somebody wants them.
    private void Debug(int id, string template, object first, object? second = null)
    {
        if (!Debugs) return;
        Write(id, LogEventLevel.Debug, template, second is null ? [Plain(first)] : [Plain(first), Plain(second)]);
    }

    // A record of ours is for Serilog an object to take apart.
    private static object Plain(object value) => value is int ? value : value.ToString() ?? "";

    // ---- 20–: workers ------------------------------------------------------------------------------------------

    internal void WorkerStarted(Worker worker, int pid, int requests) =>
        Information(20, "worker {Slot} (pid {Pid}, generation {Generation}) is starting{Share:l}", worker.Slot, pid, worker.Generation,
            requests > 0 ? $", for {requests} requests" : "");

    internal void HeapLimited(string limit, string why) => Announce(36, "the heap of each worker is limited to {Limit:l}: {Why:l}", limit, why);

    internal void HeapNotLimited(string why) => Warning(37, "{Why:l}; take fewer workers, or more memory", why);

    internal void NeedsSingleWorker(int workers, string breaks) =>
        Warning(100, "this application needs a single worker, and it has {Workers}: {Breaks:l}; leave out --max-workers (--explain says more)", workers, breaks);

    internal void AppEndpointsOfMany(int workers) =>
        Warning(38, "--keep-app-endpoints: each of {Workers} workers opens the application's own endpoints, and it is chance which of them a client reaches; --max-workers 1 is meant for that", workers);

    internal void StoppedBeforeReady(string reason) => Warning(101, "told to stop before it was ready: {Reason:l}", reason);

    internal void StacksAsked(int pid) => Information(39, "worker with pid {Pid} got QUIT: what it does is written down before it drains (--worker-quit dump)", pid);

    internal void PoolStarved(int pid, TimeSpan silent, WorkerFigures? figures) =>
        Warning(32, "worker with pid {Pid}: its thread pool ({Threads} threads, {Queue} items wait for one) has not got round to anything for {Seconds} s; do requests block?",
            pid, figures?.PoolThreads, figures?.PoolQueue, silent.TotalSeconds);

    internal void NoStacks(int pid, string reason) => Warning(34, "what the threads of the worker with pid {Pid} do cannot be told: {Reason:l}", pid, reason);

    internal void Debugged(int pid, int tracer) => Information(35, "worker with pid {Pid} gives no sign of life, and process {Tracer} debugs it: it is left alone", pid, tracer);

    internal void ExitCommandFailed(int? pid, string reason) =>
        Warning(33, "the command of --child-exit failed{Worker:l}: {Reason:l}", pid is { } known ? $" for pid {known}" : "", reason);

    /// <param name="notice">What there is to tell.</param>
    /// <param name="pid">Of the worker concerned.</param>
    /// <param name="figures">What it said of itself on the scoreboard, if it did.</param>
    /// <param name="entersByItself">See <see cref="Applications.Application.EntersByItself"/>.</param>
    /// <param name="killer">Who probably killed it; null: the exit says all that is known.</param>
    internal void Tell(PoolNotice notice, int? pid, WorkerFigures? figures = null, bool entersByItself = false, string? killer = null)
    {
        switch (notice)
        {
            case PoolNotice.BecameReady n:
                Information(21, "worker {Slot} (pid {Pid}, generation {Generation}) is ready after {Seconds:0.00} s",
                    n.Worker.Slot, pid, n.Worker.Generation, n.After.TotalSeconds);
                break;
            case PoolNotice.Retiring n:
                Information(22, n.IsFast ? "worker {Slot} (pid {Pid}) gives up what is unfinished: {Reason:l}" : "worker {Slot} (pid {Pid}) drains: {Reason:l}",
                    n.Worker.Slot, pid, Words(n.Reason));
                break;
            case PoolNotice.ToBeReplaced n:
                Write(30, n.Reason == RetireReason.Stuck ? LogEventLevel.Error : LogEventLevel.Information,
                    "worker {Slot} (pid {Pid}) is to be replaced: {Reason:l}{Usage:l}", n.Worker.Slot, pid, Words(n.Reason),
                    figures is { } known ? $" ({known.Requests} requests so far)" : "");
                break;
            case PoolNotice.Recovered n:
                Warning(31, "worker {Slot} (pid {Pid}) gives signs of life again", n.Worker.Slot, pid);
                break;
            case PoolNotice.LeavesByItself n:
                Warning(23, "worker {Slot} (pid {Pid}) drains by itself: it got a signal, or the application stopped itself", n.Worker.Slot, pid);
                break;
            case PoolNotice.Left n:
                Write(24, n.Exit.IsSuccess ? LogEventLevel.Information : LogEventLevel.Warning,
                    "worker {Slot} (pid {Pid}) has left: {Exit:l}{Usage:l}", n.Worker.Slot, pid, With(n.Exit.ToString(), killer), Used(n.Exit, figures));
                break;
            case PoolNotice.Died n:
                Error(25, "worker {Slot} (pid {Pid}) died after {Seconds:0.0} s of service: {Exit:l}{Usage:l}",
                    n.Worker.Slot, pid, n.ReadyFor.TotalSeconds, With(n.Exit.ToString(), killer), Used(n.Exit, figures));
                break;
            case PoolNotice.FailedToStart n:
                Error(26, "worker {Slot} (pid {Pid}, generation {Generation}) failed to start: {Reason:l}{Usage:l}",
                    n.Worker.Slot, pid, n.Worker.Generation, With(WhyNotStarted(n), killer), n.Exit is { LaunchFailure: null } exit ? $"; {Cost(exit)}" : "");
                break;
            case PoolNotice.WaitsToStart n:
                Information(27, "{Failures} failed starts in a row; the next try is in {Seconds:0.0} s", n.Failures, n.Delay.TotalSeconds);
                break;
            case PoolNotice.BootTookTooLong n:
                Error(28, "worker {Slot} (pid {Pid}) is not ready after {Seconds} s ({Whose:l}) and is killed{Hint:l}",
                    n.Worker.Slot, pid, Math.Round(n.Limit.TotalSeconds, 1), n.IsForCaller ? "--ready-timeout of start_server, which ends in a moment" : "--worker-boot-timeout",
                    WhySilent(figures, entersByItself));
                break;
            case PoolNotice.DrainTookTooLong n:
                Warning(29, "worker {Slot} (pid {Pid}) should have left by now and is killed", n.Worker.Slot, pid);
                break;
            case PoolNotice.RestartBegun n:
                Information(40, "restart: generation {Generation} takes over {How:l}", n.Generation,
                    n.AtOnce == 1 ? "worker by worker" : n.AtOnce >= n.Workers ? "with all workers at once" : $"with {n.AtOnce} workers at a time");
                break;
            case PoolNotice.RestartDone n:
                Information(41, "restart done: all workers are of generation {Generation}", n.Generation);
                break;
            case PoolNotice.RestartGivenUp n:
                Error(42, "restart given up after {Failures} failures of generation {Generation}; the running workers go on serving",
                    n.Failures, n.Generation);
                break;
            case PoolNotice.RestartIgnored:
                Information(43, "no restart: we are stopping");
                break;
            case PoolNotice.StartGivenUp n:
                Error(44, "giving up: {Failures} workers in a row failed to start (--boot-failure-limit), none ever served", n.Failures);
                break;
            case PoolNotice.Stopping n:
                Information(45, n.IsFast ? "stopping fast ({Cause:l}); {Workers} workers give up what is unfinished" : "stopping gracefully ({Cause:l}); {Workers} workers drain",
                    Words(n.Cause), n.Workers);
                break;
            case PoolNotice.StoppingInStages n:
                Information(49, "stopping in stages (signal USR1): one of {Workers} workers each {Seconds} s", n.Workers, n.Interval.TotalSeconds);
                break;
            case PoolNotice.StopDelayed n:
                Information(50, "stopping ({Cause:l}) in {Seconds} s (--stop-delay); until then workers serve, and the health answer is 503", Words(n.Cause), n.Delay.TotalSeconds);
                break;
            case PoolNotice.Lingers n:
                Information(51, "nothing is left but {Connections} long-lived connection{Plural:l}, which may stay (--drain-websockets)", n.Connections, n.Connections == 1 ? "" : "s");
                break;
            case PoolNotice.LingeringEnds n:
                Information(52, "the service stops ({Cause:l}); long-lived connections are told to go", Words(n.Cause));
                break;
            case PoolNotice.StoppingFaster n:
                Warning(46, "asked to stop again ({Cause:l}): {How:l}", Words(n.Cause),
                    n.Haste switch
                    {
                        StopHaste.Repeated => "the workers are told to drain once more; the next time kills them",
                        StopHaste.Abort => "the workers give up what is unfinished",
                        _ => "the workers are killed",
                    });
                break;
            case PoolNotice.WorkersChanged n:
                Information(47, "{Workers} workers from now on", n.Workers);
                break;
            case PoolNotice.WorkersAtLimit n:
                Information(48, "{Workers} workers stay: there cannot be {Direction:l}", n.Workers, n.Workers == MasterOptions.MostWorkers ? "more" : "fewer");
                break;
            default: throw new InvalidOperationException($"no words for {notice.GetType().Name}");
        }
    }

    private static string With(string exit, string? killer) => killer is null ? exit : $"{exit}, {killer}";

    // Our part in a worker writes down that it is there before the application's own code runs, or when that calls it.
    private static string WhySilent(WorkerFigures? figures, bool entersByItself)
    {
        if (figures is not { Phase: Shared.Contract.WorkerPhase.None }) return "";
        return entersByItself
            ? ". By then it has not called UseStarletNet(), which it must before Build(), being published trimmed or as native code"
            : ". Not even its start-up hook has run; does something switch off start-up hooks?";
    }

    internal static string WhyNotStarted(PoolNotice.FailedToStart notice)
    {
        if (notice.Exit is not { } exit) return $"no process could be made: {notice.Worker.Failure}";
        if (exit.LaunchFailure is { } launch)
            return launch.Step == LaunchStep.Execute ? $"cannot execute it: {launch.Errno}" : $"cannot change to its directory: {launch.Errno}";
        if (notice.Worker.Failure is { } failure) return $"{failure} ({exit})";
        return exit.IsSuccess
            ? "the application ended with exit code 0 before it served; it does not seem to run a web host"
            : $"{exit}; what the application printed says why";
    }

    private static string Used(ChildExit exit, WorkerFigures? figures) =>
        (figures is { } known ? $", {known.Requests} requests{Unfinished(known.InFlight)}" : "")
        + $", {Cost(exit)}";

    private static string Cost(ChildExit exit) =>
        $"{exit.Usage.User.TotalSeconds + exit.Usage.System.TotalSeconds:0.0} s of CPU, at most {exit.Usage.MaximumResidentKiB / 1024} MB";

    private static string Unfinished(int requests) => requests > 0 ? $" and {requests} unfinished" : "";

    private static string Words(RetireReason reason) => reason switch
    {
        RetireReason.Replaced => "replaced",
        RetireReason.Superseded => "not needed any more",
        RetireReason.TooMany => "fewer workers are wanted",
        RetireReason.Requests => "it has answered its share of requests",
        RetireReason.Harakiri => "the application asked for it",
        RetireReason.Overdue => "a request goes on after it was cut (--request-timeout)",
        RetireReason.Memory => "it uses too much memory (--worker-max-memory)",
        RetireReason.Age => "it is too old (--worker-max-age)",
        RetireReason.Stuck => "it gives no sign of life (--worker-timeout)",
        RetireReason.OwnWish => "by itself",
        _ => "stop",
    };

    private static string Words(StopCause cause) => cause switch
    {
        StopCause.SuperdaemonGone => "nobody supervises us any more",
        StopCause.BootFailed => "no worker started",
        _ => "signal " + cause.ToString().ToUpperInvariant(),
    };

    private void Announce(int id, string template, params object?[] values)
    {
        if (!_quiet) Information(id, template, values);
    }

    private void Information(int id, string template, params object?[] values) => Write(id, LogEventLevel.Information, template, values);

    private void Warning(int id, string template, params object?[] values) => Write(id, LogEventLevel.Warning, template, values);

    private void Error(int id, string template, params object?[] values) => Write(id, LogEventLevel.Error, template, values);

    private void Write(int id, LogEventLevel level, string template, params object?[] values) =>
        _logger.ForContext(EventId, id).Write(level, template, values);
}
