namespace StarletNet.Shared.Contract;

/// <summary>Every environment variable by which the processes hand things to one another.</summary>
internal static class EnvironmentNames
{
    /// <summary>start_server → program: <c>name=fd;name=fd</c>.</summary>
    internal const string ServerStarterPort = "SERVER_STARTER_PORT";

    /// <summary>start_server → program: 1 for the first attempt, one more for every further attempt.</summary>
    internal const string ServerStarterGeneration = "SERVER_STARTER_GENERATION";

    /// <summary>start_server → program: <see cref="OrphansKeep"/> with <c>--orphans keep</c>: serve on when start_server is gone.</summary>
    internal const string StartServerOrphans = "START_SERVER_ORPHANS";

    internal const string OrphansKeep = "keep";

    /// <summary>
    /// start_server → program: within so many seconds of its start it must be ready; absent if that is not limited. A program that gives up
    /// before then can say why.
    /// </summary>
    internal const string StartServerReadyTimeout = "START_SERVER_READY_TIMEOUT";

    /// <summary>
    /// start_server → starletnet: start exactly this release, which <see cref="NotifyNames.Release"/> has named earlier, whatever the link on the
    /// command line names by now; absent for a deploy.
    /// </summary>
    internal const string Release = "STARLETNET_RELEASE";

    /// <summary>systemd → program: how many descriptors from 3 on are listening sockets.</summary>
    internal const string ListenFds = "LISTEN_FDS";

    /// <summary>systemd → program: the pid the descriptors are meant for; anybody else must ignore them.</summary>
    internal const string ListenPid = "LISTEN_PID";

    /// <summary>systemd → program: a name for each descriptor, separated by colons.</summary>
    internal const string ListenFdNames = "LISTEN_FDNAMES";

    /// <summary>Service manager → us: how often WATCHDOG=1 must come at least, in microseconds.</summary>
    internal const string WatchdogMicroseconds = "WATCHDOG_USEC";

    /// <summary>Service manager → us: whose WATCHDOG=1 is waited for.</summary>
    internal const string WatchdogPid = "WATCHDOG_PID";

    /// <summary>Supervisor → program: where sd_notify(3) datagrams go.</summary>
    internal const string NotifySocket = "NOTIFY_SOCKET";

    /// <summary>
    /// Master → worker: listening descriptors, <c>fd;fd?http=h2&amp;ssl</c>. See <see cref="WorkerListener"/>. None of the names that only
    /// workers are given is also the environment form of an option, so that an operator's own settings pass through untouched.
    /// </summary>
    internal const string Listen = "STARLETNET_WORKER_LISTEN";

    /// <summary>Master → worker: descriptor of the control channel. See <see cref="ControlMessage"/>.</summary>
    internal const string ControlFd = "STARLETNET_CONTROL_FD";

    /// <summary>Master → worker: <c>fd:place</c>, the <see cref="Contract.Scoreboard"/> and the worker's place in it.</summary>
    internal const string Scoreboard = "STARLETNET_SCOREBOARD";

    /// <summary>Master → worker: how requests are dispatched, <c>pool</c> or <c>inline</c>.</summary>
    internal const string Loop = "STARLETNET_WORKER_LOOP";

    /// <summary>Master → worker: how many event loops it runs; 1 if not set.</summary>
    internal const string Loops = "STARLETNET_WORKER_LOOPS";

    /// <summary>Master → worker: most threads for loops and for handlers that block; 256 if not set.</summary>
    internal const string MaxThreads = "STARLETNET_WORKER_THREADS";

    /// <summary>Master → worker: the drain's longer clock in milliseconds, for everything that is being answered; 0 = no limit.</summary>
    internal const string GracefulTimeout = "STARLETNET_WORKER_GRACEFUL_MS";

    /// <summary>Master → worker: the drain's shorter clock in milliseconds, for connections that are idle or have sent nothing yet.</summary>
    internal const string DrainKeepAlive = "STARLETNET_WORKER_KEEPALIVE_MS";

    /// <summary>Master → worker: limits and other choices for HTTP. See <see cref="HttpSettings"/>; absent if there are none.</summary>
    internal const string Http = "STARLETNET_WORKER_HTTP";

    /// <summary>Master → worker: after so many requests it asks to be replaced; 0 = never.</summary>
    internal const string MaxRequests = "STARLETNET_WORKER_MAX_REQUESTS";

    /// <summary>Master → worker: how often it gives a sign of life on the scoreboard, in milliseconds; 0 = never.</summary>
    internal const string Heartbeat = "STARLETNET_WORKER_HEARTBEAT_MS";

    /// <summary>Master → worker: descriptor of the memory with certificate and key. See <see cref="TlsFiles"/>; absent without TLS.</summary>
    internal const string Tls = "STARLETNET_WORKER_TLS";

    /// <summary>
    /// Master → worker: descriptors, separated by commas, to be kept open until the process ends, for what hangs on them (the lock of the
    /// application's copy, which must not be removed before); absent if there are none.
    /// </summary>
    internal const string Held = "STARLETNET_WORKER_HELD";

    /// <summary>Master → worker: descriptor of the access log; absent without one.</summary>
    internal const string AccessLog = "STARLETNET_WORKER_ACCESS_LOG";

    /// <summary>Master → worker: how its lines look. See <see cref="Contract.AccessLogFormat"/>.</summary>
    internal const string AccessLogFormat = "STARLETNET_WORKER_ACCESS_LOG_FORMAT";

    /// <summary>Master → worker: 1: it says on stderr what happens to it; absent: it does not.</summary>
    internal const string Debug = "STARLETNET_WORKER_DEBUG";

    /// <summary>Master → worker: <c>bytes:milliseconds</c>, how much of the access log it may gather and for how long; absent: each line is written at once.</summary>
    internal const string AccessLogBuffer = "STARLETNET_WORKER_ACCESS_LOG_BUFFER";

    /// <summary>Master → worker: <see cref="QuitDump"/>: at QUIT its stacks are written down before it drains; absent: it drains.</summary>
    internal const string Quit = "STARLETNET_WORKER_QUIT";

    internal const string QuitDump = "dump";

    /// <summary>
    /// To a worker without master: files that it removes when it ends, as <see cref="OwnFile"/> writes them; else absent.
    /// </summary>
    internal const string Files = "STARLETNET_WORKER_FILES";

    /// <summary>Master → worker: the path that its application must answer before it is ready; absent if there is none.</summary>
    internal const string ReadyPath = "STARLETNET_WORKER_READY_PATH";

    /// <summary>Master → worker: paths that it asks of itself before it is ready, separated by commas; absent: none.</summary>
    internal const string WarmUp = "STARLETNET_WORKER_WARMUP";

    /// <summary>Master → worker: how long that may take, in milliseconds.</summary>
    internal const string WarmUpTime = "STARLETNET_WORKER_WARMUP_MS";

    /// <summary>Master → worker: 1: it counts the paths that it answers and reports them; absent: it does not.</summary>
    internal const string WarmUpCount = "STARLETNET_WORKER_WARMUP_COUNT";

    /// <summary>
    /// start_server → starletnet: the directory that it would start in by the command line, with links, where it starts elsewhere because the release that
    /// served before is started again. An application is known to Data Protection by that path.
    /// </summary>
    internal const string LogicalDirectory = "STARLETNET_LOGICAL_DIRECTORY";

    /// <summary>start_server → starletnet: the paths that the generation before has answered most. See <see cref="WarmUpPaths"/>.</summary>
    internal const string HandedOverPaths = "STARLETNET_WARMUP_PATHS";

    /// <summary>To a worker without master: where it reports itself that it is ready (sd_notify(3)); else absent.</summary>
    internal const string Notify = "STARLETNET_WORKER_NOTIFY";

    /// <summary>
    /// Master → worker: the path by which Data Protection knows the application, if that is not the directory the worker starts in: the path
    /// through a release link, or the directory that a copy was made of. Absent otherwise.
    /// </summary>
    internal const string Identity = "STARLETNET_WORKER_IDENTITY";

    /// <summary>
    /// Master → worker: names (comma separated) of the variables the master changed for injection. The worker gives each
    /// back the value saved under <see cref="SavedPrefix"/> + name, or removes it if none was saved.
    /// </summary>
    internal const string Restore = "STARLETNET_RESTORE";

    /// <summary>Master → worker: prefix of the user's own value of a variable listed in <see cref="Restore"/>.</summary>
    internal const string SavedPrefix = "STARLETNET_SAVED_";

    /// <summary>Master → worker, and left for the application: 0-based slot; slot 0 exists exactly once among serving workers.</summary>
    internal const string WorkerSlot = "STARLETNET_WORKER_SLOT";

    /// <summary>Master → worker, and left for the application: how many workers the master keeps.</summary>
    internal const string Workers = "STARLETNET_WORKERS";

    /// <summary>Master → the command of <c>--child-exit</c>, besides <see cref="WorkerSlot"/>: of the worker that has ended.</summary>
    internal const string ExitedPid = "STARLETNET_WORKER_PID", ExitedStatus = "STARLETNET_WORKER_STATUS", ExitedReason = "STARLETNET_WORKER_REASON", ExitedRequests = "STARLETNET_WORKER_REQUESTS";

    /// <summary>Master → worker, and left for the application: 1 for the master's first set of workers, one more for each HUP.</summary>
    internal const string Generation = "STARLETNET_GENERATION";

    /// <summary>
    /// What a master is told and no application may see: one that calls UseSystemd() would declare the whole generation ready, and
    /// one that takes LISTEN_FDS or SERVER_STARTER_PORT at their word would open descriptors that mean something else in a worker.
    /// </summary>
    internal static readonly string[] NeverForApplications =
        [NotifySocket, ListenFds, ListenPid, ListenFdNames, ServerStarterPort, HandedOverPaths, LogicalDirectory, Release, StartServerReadyTimeout];

    /// <summary>What only the worker's bootstrap may see; removed from the environment as soon as it has been read.</summary>
    internal static readonly string[] WorkerPrivate = [Listen, ControlFd, Scoreboard, Loop, Loops, MaxThreads, GracefulTimeout, DrainKeepAlive, Http, Tls, MaxRequests, Heartbeat, Held, AccessLog, AccessLogFormat, AccessLogBuffer, Debug, Quit, Files, ReadyPath, WarmUp, WarmUpTime, WarmUpCount, Notify, Identity, Restore];
}
