using StarletNet.Shared.CommandLine;
using StarletNet.Shared.Errors;
using StarletNet.Shared.Events;
using StarletNet.Shared.Files;
using StarletNet.Shared.Interop;
using StarletNet.Shared.Processes;
using StartServer.CommandLine;
using StartServer.Control;
using StartServer.Files;
using StartServer.Generations;
using StartServer.Listeners;
using StartServer.Output;
using StartServer.Supervision;
using StartServer.Upgrade;

namespace StartServer;

internal static class Program
{
    private static int Main(string[] args)
    {
        Launcher.BecomeProgramIfLauncher(args);
        // Before it takes its pipe, which an exec would close: see SignalMask.
        if (Daemonizer.IsDaemon) EventQueue.Block(Supervisor.Signals);
        using var caller = Daemonizer.TakeRole(args);
        var exitCode = Run(args, caller);
        caller?.End(exitCode);
        return exitCode;
    }

    private static int Run(string[] args, CallersPipe? caller)
    {
        Snapshot? taken = null;
        try
        {
            if (args is [TakeOver.TrialRole, .. var tried]) return TakeOver.Try(tried);
            FileDescriptor.OpenStandardOnes();
            taken = TakeOver.FromPredecessor();
            var command = StartServerOptions.Parse(args, Environment.GetEnvironmentVariable);
            if (command is StartServerOptions options)
                return options.Daemonize && caller is null && taken is null ? Daemonizer.Call(args, options.Ports) : Serve(options, args.Length, caller, taken);
            return Run(command);
        }
        catch (OperatorException error)
        {
            return Fail(error.Message, error.ExitCode);
        }
        catch (Exception error) when (error is SystemCallException or IOException or TypeInitializationException)
        {
            // Out of descriptors, memory or processes: nothing that was asked for wrongly.
            return Fail($"start_server: {error.GetBaseException().Message}", ExitCodes.Failure);
        }

        int Fail(string message, int exitCode)
        {
            StandardError.WriteLine(message);
            // The generations that were given into our care must not sit on the port without a supervisor.
            foreach (var generation in taken?.Supervision.Generations ?? []) Signal.Term.SendTo(generation.Pid);
            caller?.Repeat(message);
            return exitCode;
        }
    }

    private static int Run(Command command)
    {
        switch (command)
        {
            case ShowHelp: StandardError.Write(1, ManualPage.Text); break;
            case ShowMan: StandardError.Write(1, ManualPage.Roff); break;
            case ShowVersion: StandardError.Write(1, ManualPage.Version); break;
            case ControlOptions options: return ControlCommand.Run(options);
            case RestartByFiles options: RestartByFilesCommand.Run(options); break;
            case StopByPidFile options: StopByPidFileCommand.Run(options); break;
            case CheckOnly check: CheckCommand.Run(check.Options); break;
        }
        return ExitCodes.Success;
    }

    /// <summary>The order is the contract's: log file, sockets, pid file, log redirected, first generation.</summary>
    /// <param name="options">The command line.</param>
    /// <param name="words">How many it has.</param>
    /// <param name="caller">Who waits for a daemon.</param>
    /// <param name="taken">What a program before us, in this very process, has left; then all of that is there already.</param>
    private static int Serve(StartServerOptions options, int words, CallersPipe? caller, Snapshot? taken)
    {
        EventQueue.Block(Supervisor.Signals);
        // First, before anything is opened or started that could get one of their descriptors.
        var inherited = taken is null ? InheritedListeners.Take(Environment.GetEnvironmentVariable, LibC.getpid()) : [];
        if (taken is null) PromisedDescriptors.Reserve(options.Ports);
        if (taken is null && options.ListenFds) HandedListeners.RefuseOverlap(options.Ports, inherited.Count, options.Paths.Count);
        // Before anything is bound or created: from here on a signal ends us through the supervisor, and nothing is left behind.
        using var queue = new EventQueue();
        queue.Handle(Supervisor.Signals);
        // A log pipe whose reader is gone, or a log that has reached its size limit, costs the log, not the service.
        Signal.Pipe.Ignore();
        Signal.Xfsz.Ignore();
        var pid = LibC.getpid();
        using var environment = new ProgramEnvironment(Environment.GetEnvironmentVariables(), options.Twins, options.EnvDirectory);
        var policy = new CurrentPolicy(options.Policy, environment);

        using var log = taken is null ? OpenLog(options, queue, environment, detached: caller is not null) : AdoptLog(options, queue, environment, taken.LogPipe);
        StandardError.WriteLine(taken is null ? Messages.Starting(pid) : Messages.TakenOver(pid, ManualPage.Number, taken));
        // Ended last: who waits there for our end finds nothing of ours left.
        using var control = taken is null ? ControlServer.Open(queue, options.Control, pid) : ControlServer.Adopt(queue, taken.Control);
        using var listeners = taken is null ? ListenerSet.Bind(inherited, options.Ports, options.Paths, options.Backlog) : ListenerSet.Adopt(taken.Listeners);
        // Both while stderr is still the caller's, who can put wrong paths right. After binding, so that a second instance that
        // fails to bind has not touched the first one's files.
        using var pidFile = options.PidFile is not { } pidPath ? null
            : taken?.PidFile is { } locked ? PidFile.Adopt(pidPath, new FileDescriptor(locked))
            : PidFile.Create(pidPath, pid, ExitCodes.Failure);
        var status = options.StatusFile is { } statusPath ? new StatusFile(statusPath) { Identity = taken?.StatusFile } : null;
        if (taken is null) log?.Redirect();
        // A generation that is to outlive us must not write into a pipe that ends with us.
        using var output = GenerationOutput.Choose(mayRelay: options.Control is not null && options.OrphansStop);
        if (taken is not null) output.GoOnWith(taken.Output);
        control.BeginWith(listeners.All, output);
        if (caller is not null)
        {
            Daemonizer.LeaveStandardInput(options.Ports);
            caller.BeginWith(queue, output);
        }

        var manager = new ServiceManager(queue, Environment.GetEnvironmentVariable);
        var supervisor = new Supervisor(queue, options, listeners, environment, policy, log, status, manager)
        {
            Listener = Audience.Of(caller, control),
            Output = output,
        };
        supervisor.Upgrade = new Upgrader(queue, words, () => supervisor.Moment, () => new Snapshot
        {
            Version = ManualPage.Number,
            Supervision = supervisor.Keep(),
            Listeners = listeners.Keep(),
            PidFile = pidFile?.Descriptor.Number,
            StatusFile = status?.Identity,
            LogPipe = (log as LogPipe)?.Keep(),
            Output = output.Keep(),
            Control = control.Keep(),
        })
        { Output = output, Control = control };
        control.UpgradeAsked = supervisor.Upgrade.Ask;
        if (taken is not null)
        {
            supervisor.GoOnFrom(taken.Supervision);
            control.EndUpgrade(NewsJson.Upgraded(taken.Version, ManualPage.Number));
        }
        var exitCode = supervisor.Run();
        // Before the pid file goes: who waits for its lock (--stop) finds nothing of ours left, and the log complete.
        output.Dispose();
        log?.Finish();
        status?.Remove();
        listeners.Dispose();
        // A daemon that was stopped before its first generation served has not done what its caller waits for.
        return caller is { IsOver: false } && exitCode == ExitCodes.Success ? ExitCodes.Failure : exitCode;
    }

    private static ILog? OpenLog(StartServerOptions options, EventQueue queue, ProgramEnvironment environment, bool detached) =>
        options.LogCommand is { } command ? LogPipe.Open(command, queue, environment.Variables(), detached)
        : options.LogFile is { } file ? LogFile.Open(file)
        : null;

    private static ILog? AdoptLog(StartServerOptions options, EventQueue queue, ProgramEnvironment environment, KeptLogPipe? pipe) =>
        options.LogCommand is { } command && pipe is not null ? LogPipe.Adopt(command, queue, environment.Variables(), pipe)
        : options.LogFile is { } file ? LogFile.Adopt(file)
        : null;
}
