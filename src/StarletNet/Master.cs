using System.Collections;
using System.Runtime.InteropServices;
using StarletNet.Master.Applications;
using StarletNet.Master.Explaining;
using StarletNet.Master.Listening;
using StarletNet.Master.Observing;
using StarletNet.Master.Options;
using StarletNet.Master.Output;
using StarletNet.Master.Pool;
using StarletNet.Master.Privileges;
using StarletNet.Master.Reloading;
using StarletNet.Master.Stacks;
using StarletNet.Master.Watching;
using StarletNet.Master.Workers;
using StarletNet.Shared.Contract;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Listening;
using StarletNet.Shared.Notify;
using StarletNet.Shared.Processes;

namespace StarletNet.Master;

/// <summary>A start, in order: look at everything that can be wrong before anything is bound, and bind before anything is started.</summary>
internal sealed class Master(MasterOptions options, NotifySender notify, MasterLog log, WaitingCaller? caller)
{
    private const string CannotWritePid = "cannot write the pid file ";

    private const string HostingAssembly = "StarletNet.Hosting.dll";

    /// <summary>What the loop hears of, if only to say that it is ignored.</summary>
    internal static readonly Signal[] Signals =
    [
        Signal.Hup, Signal.Int, Signal.Quit, Signal.Term, Signal.ContainerStop, Signal.Usr1, Signal.Usr2, Signal.Ttin, Signal.Ttou, Signal.Winch,
        Signal.Alrm, .. Signal.Meaningless,
    ];

    /// <summary>Hears how it goes; null: this is a service.</summary>
    internal Trial? Trial { get; init; }

    private readonly string _directory = WorkingDirectory.Find(Variable);

    /// <summary>The options as the configuration file has them now; relative to the directory that we were started in.</summary>
    internal required Func<string, Configuration> ReadAgain { get; init; }

    /// <returns>The exit code.</returns>
    /// <exception cref="OperatorException">The start failed; nothing is left behind.</exception>
    internal int Run()
    {
        RefuseMusl();
        using var releases = new Releases(options, _directory, Variable, log);
        RefuseIncomplete();
        releases.Check();
        // Before anything is opened that is ours: a path that was given by mistake leads to what must not be touched.
        if (options.PidFile is { } given) PidFile.RefuseForeign(given, ExitCodes.Failure, CannotWritePid);

        // From here on a signal waits for the loop instead of killing us with a socket file left behind.
        using var queue = new EventQueue();
        queue.Handle(Signals);
        // A log pipe whose reader is gone, or a log that has reached its size limit, costs the log, not the service.
        Signal.Pipe.Ignore();
        Signal.Xfsz.Ignore();
        var superdaemon = Superdaemon.Find(Variable, log);
        // With --max-workers 0 there is no master whom a preset's signals could mean anything to: the application drains at TERM.
        if (IsUnderSuperdaemon && options is { StopsFast: true, Workers: > 0 }) log.StopsFastUnderSuperdaemon(options.Preset!);

        if (options.TriesOneFirst) log.TriesOneFirst();
        if (options.MainProcessDelay is not null) log.WithoutEffect("main-process-delay");
        if (options is { ReusePort: true, Workers: 1 }) log.OneSocketForOneWorker();
        if (options.Http.KeepsAppEndpoints && options.Workers > 1) log.AppEndpointsOfMany(options.Workers);
        // The order matters: what needs rights first, and what can be wrong while stderr is still that of whoever called us.
        var identity = OptionsCheck.IdentityOf(options);
        identity?.RefuseUnlessPossible();
        var errorLog = options.ErrorLog is { } logPath ? ErrorLog.Open(logPath, guarded: identity is not null) : caller is not null ? ErrorLog.None() : null;
        var logs = new LogFiles(errorLog, options.Observing.AccessLog is { } accessPath ? AccessLog.Open(accessPath, guarded: identity is not null) : null);
        using var certificates = options.AnyTls ? new CertificateFiles(options.Tls, log) : null;
        certificates?.Read();
        using var listeners = Listen(out var announce);
        if (options.AnyTls && listeners.Listeners.All(listener => !listener.Tls)) throw InClearText(listeners);
        // Its whole path: with --chdir a relative one would not be found again.
        var pidPath = options.PidFile is { } path ? Path.GetFullPath(path) : null;
        using var pidFile = pidPath is not null && !IsUnderSuperdaemon
            ? PidFile.Create(pidPath, Environment.ProcessId, ExitCodes.Failure, CannotWritePid, guarded: identity is not null)
            : null;
        if (pidFile?.Remark is { } remark) log.PidFileReplaced(remark);
        using var observers = Observers.Open(queue, options.Observing, log, IsUnderSuperdaemon ? new Succession(pidPath) : null);
        announce();
        if (caller is not null) Detach(queue, caller, listeners);
        errorLog?.Redirect();
        // Whoever --socket-owner names has the sockets already.
        if (identity is not null)
        {
            Assume(identity, pidFile, logs, [.. options.SocketOwner is null ? SocketNames(listeners) : [], .. observers.Names]);
            // Root could have had everything.
            observers.Check();
            if (ClosedDirectory.OnTheWayTo(HostingPath()) is { } closed)
                throw new OperatorException($"workers load {HostingPath()}, and {closed.Reason}", ExitCodes.Failure);
        }
        if (options.ChangeDirectory is { } directory && LibC.chdir(directory) < 0)
            throw new OperatorException($"cannot change to the directory {directory}: {Errno.Last}", ExitCodes.Failure);
        if (options.Umask is { } umask) LibC.umask((ushort)umask);
        log.OpenFiles();
        OpenFileLimit.Raise();

        var variables = Variables();
        // As the user that the workers of an earlier master were.
        if (DiagnosticFiles.Sweep(Path.GetFullPath(Variable("TMPDIR") is { Length: > 0 } temporary ? temporary : "/tmp")) is > 0 and var swept) log.DiagnosticFilesSwept(swept);
        releases.Prepare(queue);
        // After the listeners are ours: a compiler may stay behind, and would hold open what it inherits.
        if (!releases.Build(queue, variables)) return ExitCodes.Success;
        var (taken, missed) = releases.TakeFirst(queue);
        if (taken is null) return ExitCodes.Success;
        var application = WithCertificates(taken, certificates);
        new SuperdaemonReport(notify).Release(application.Path, "starting workers");
        if (options.Workers == 0)
            return InPlace.Become(options, listeners.Listeners, logs.Access, variables, HostingPath(), application, pidFile,
                SocketNames(listeners).Select(name => name.Path));
        if (options.Workers > 1 && Explanation.WhatSeveralWorkersBreak(application) is { Count: > 0 } breaks)
            log.NeedsSingleWorker(options.Workers, string.Join("; ", breaks));
        SayHeap(variables, application);
        using var reloader = Reloads() ? new Reloader(queue, log, releases.Watched) : null;
        using var scoreboard = new ScoreboardPlaces();
        var answered = new AnsweredPaths(Variable(EnvironmentNames.HandedOverPaths), notify);
        var around = new PoolSurroundings(queue, log, notify, superdaemon, then => Prepare(releases, certificates, Generation, then))
        {
            Caller = caller,
            Trial = Trial,
            Logs = logs,
            Reloader = reloader,
            Builder = releases.Builder,
            Copier = releases.Copier!,
            Missed = missed,
            Watch = new WorkerWatch(queue, log, options.WorkerTimeout, options.WorkerMaxMemory),
            ExitCommand = new ExitCommand(queue, variables, log),
            StuckReports = new StuckReports(queue, variables, log),
            Observers = observers,
            Listeners = [.. listeners.Listeners.Select(listener => listener.Name)],
            Scoreboard = scoreboard,
            AnsweredPaths = answered,
            Title = options.Observing.NoTitles ? null : ProcessTitle.Find(),
            Watchdog = Watchdog.Period(Variable, Environment.ProcessId),
        };
        return new WorkerPool(around, Generation(options, application)).Run();

        Generation Generation(MasterOptions now, Application application)
        {
            var environment = new WorkerEnvironment(variables, now, listeners.Listeners, HostingPath()) { AnsweredPaths = () => answered.Most };
            var launcher = new WorkerLauncher(environment, listeners.Listeners, scoreboard, options.ApplicationArguments, now.RequestShare, logs.Access);
            return new Generation(application, launcher, Settings(now) with { FewestWorkers = options.FewestWorkers }, now.Workers, now.ChildExit);
        }
    }

    // What a restart takes anew. All of it, or the workers that run go on.
    private void Prepare(
        Releases releases, CertificateFiles? certificates, Func<MasterOptions, Application, Generation> generation, Action<Func<Generation>> then)
    {
        RefuseIncomplete();
        var now = ReadAgain(_directory);
        if (now.Unreadable is { } file) log.ConfigurationKept(file);
        if (now.Waiting.Count > 0) log.WaitsForNextStart(string.Join(", ", now.Waiting));
        if (now.Options.Workers == 0) throw new OperatorException("max-workers = 0 takes a new start", ExitCodes.Usage);
        certificates?.Read();
        releases.Take(now.Options, taken => then(() => generation(now.Options, WithCertificates(taken(), certificates))));
    }

    private static Application WithCertificates(Application application, CertificateFiles? certificates) =>
        certificates is null ? application : application with { Certificates = certificates.Share() };

    // Looked for again at a restart: an upgrade of ours may be halfway.
    private static void RefuseIncomplete()
    {
        if (!File.Exists(HostingPath()))
            throw new OperatorException($"{HostingPath()} is missing; it belongs beside the starletnet executable", ExitCodes.Failure);
    }

    /// <param name="announce">Says where; to be called when nothing can come to nothing any more.</param>
    private ListenerSet Listen(out Action announce)
    {
        if (new AdoptedListeners(options.Listeners, options.ListenDefaults, log).Adopt(Variable, Environment.ProcessId) is { } adopted)
        {
            announce = () =>
            {
                foreach (var listener in adopted.Listeners) log.Adopted(listener.Name, listener.Fd);
            };
            return adopted;
        }
        var own = new OwnListeners(options.Listeners, options.ListenDefaults, log).Bind();
        announce = () =>
        {
            foreach (var listener in own.Listeners) log.Listening(listener.Name);
        };
        return own;
    }

    // Found out only here where the sockets are handed to us: a Unix socket, or not the one that ?ssl was written for.
    private static OperatorException InClearText(ListenerSet listeners) => new(
        $"TLS is asked for, and none of the listeners would have it ({string.Join(", ", listeners.Listeners.Select(listener => listener.Name))}): "
        + "--ssl is for TCP listeners; for another one give --listen with its name and ?ssl behind it", ExitCodes.Failure);

    private static void Detach(EventQueue queue, WaitingCaller caller, ListenerSet listeners)
    {
        // A listener may sit there: --listen fd:0.
        if (listeners.Listeners.All(listener => listener.Fd != 0)) Daemonizer.LeaveStandardInput();
        caller.IsApart = true;
        queue.Watch(caller.Pipe, caller);
    }

    private void Assume(Identity identity, PidFile? pidFile, LogFiles logs, IEnumerable<SocketName> sockets)
    {
        if (pidFile is not null) identity.Own(pidFile.Descriptor, pidFile.Path);
        foreach (var (path, file) in logs.Files) identity.Own(file, path);
        foreach (var name in sockets) identity.Own(name);
        // Who has changed his user may not look into his own /proc any more.
        OriginalBytes.Keep();
        identity.Assume();
        if (!options.AllowSetuidChildren) Identity.GiveUpSetuid();
    }

    private static IEnumerable<SocketName> SocketNames(ListenerSet listeners) => listeners.Own.Select(socket => socket.Name).OfType<SocketName>();

    // Also one that we may outlive: its variable counts, not whether we watch it.
    private static bool IsUnderSuperdaemon => Variable(EnvironmentNames.ServerStarterPort) is not null;

    private bool Reloads()
    {
        if (!options.Reloads) return false;
        if (!IsUnderSuperdaemon || options.Reload == ReloadMode.Force) return true;
        log.ReloadOff();
        return false;
    }

    // Once: each worker gets what is right when it starts.
    private void SayHeap(IReadOnlyDictionary<string, string> variables, Application application)
    {
        var heap = HeapShare.Of(ContainerMemory.Find(), options.Workers, variables.Keys, application.HeapLimit);
        if (heap.Bytes is { } bytes) log.HeapLimited(HeapShare.Size(bytes), heap.Why);
        else if (heap.IsTooSmall) log.HeapNotLimited(heap.Why);
    }

    private static PoolSettings Settings(MasterOptions options) => new()
    {
        BootingAtOnce = Environment.ProcessorCount,
        SpawnInterval = options.SpawnInterval,
        RespawnInterval = options.ErrRespawnInterval,
        // A warm-up ends by itself and never makes a start fail.
        BootTimeout = options.WorkerBootTimeout + (options.WarmUp.IsOn ? options.WarmUpTime : TimeSpan.Zero),
        BootFailureLimit = options.BootFailureLimit,
        GracefulTimeout = options.GracefulTimeout,
        DrainWebSockets = options.DrainWebSockets,
        StopDelay = options.StopDelay,
        StopsFast = options.StopsFast,
        Surge = options.Surge,
        MaxAge = options.WorkerMaxAge,
        TriesOneFirst = options.TriesOneFirst,
        UnderSuperdaemon = IsUnderSuperdaemon,
        ReadyWithin = Superdaemon.ReadyWithin(Variable, TimeSpan.FromMilliseconds(Environment.TickCount64 - Program.StartedAt)),
    };

    private static void RefuseMusl()
    {
        if (RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal))
            throw new OperatorException("this system's libc is musl; workers need glibc, so use an image based on Debian, Ubuntu or the like", ExitCodes.Failure);
    }

    private static string HostingPath() => Path.Combine(AppContext.BaseDirectory, HostingAssembly);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    private static Dictionary<string, string> Variables() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
}
